"""One order in memory: its decisions are applied to plain dictionaries and held to what must always be so."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

from kro.core.actor import SYSTEM, Actor, ActorKind
from kro.core.decisions import Decision, Outcome
from kro.core.errors import KroError
from kro.core.ids import SequentialIdSource
from kro.kro_balance.domain import Fees, Quote
from kro.order.controller.timeline import sentence
from kro.order.database.records import NewCondition, OrderState
from kro.order.database.words import OrderStatus, Party
from kro.order.domain import Context, Told, replay
from kro.order.domain.decide_create import decide_create
from kro.order.domain.decide_due import decide_due
from order_scenes import BUYER, LINK, NOW, OPEN, PROPOSAL, RULES, SELLER, SETTLING, creation

ADMINS = (UUID(int=901), UUID(int=902), UUID(int=903))
USERS = {Party.BUYER: BUYER, Party.SELLER: SELLER}
Decide = Callable[[OrderState, Context], Outcome[OrderState] | None]
MAX_STEPS = 200


class OneOrder:
    """The database of one order: its state, its timers, its events, and the accounts its journals touch."""

    def __init__(self, fees: Fees, more: tuple[NewCondition, ...] = (), *, code_is_acceptance: bool = False) -> None:
        self.ids = SequentialIdSource()
        self.now = NOW
        self.accounts: Counter[str] = Counter()
        self.timers: dict[str, datetime] = {}
        self.events: list[dict[str, object]] = []
        self.met: set[str] = set()
        self.reached_channels = 0
        quote = Quote(UUID(int=1), BUYER, "goods", fees, {}, NOW + timedelta(minutes=30))
        proposal = replace(PROPOSAL, conditions=(*PROPOSAL.conditions, *more), code_is_acceptance=code_is_acceptance)
        outcome = decide_create(
            creation(quote=quote), proposal, link=LINK, rules=RULES, context=self.context(Party.BUYER)
        )
        self.state = outcome.value
        self._apply(outcome)

    def context(self, party: Party, admin: int = 0) -> Context:
        if party is Party.SYSTEM:
            actor = SYSTEM
        elif party is Party.ADMIN:
            actor = Actor(ActorKind.ADMIN, ADMINS[admin])
        else:
            actor = Actor(ActorKind.USER, USERS[party])
        return Context(actor=actor, now=self.now, ids=self.ids, gate=OPEN)

    def pay_in(self, amount: int) -> None:
        """Bring money into the buyer's balance."""
        self.accounts["clearing"] -= amount
        self.accounts["buyer"] += amount

    def attempt(self, party: Party, decide: Decide, *, admin: int = 0) -> bool:
        """Have a party try something; a refusal changes nothing, which the caller's checks see."""
        seen = replace(
            self.state,
            viewer=party,
            buyer_available=self.accounts["buyer"],
            reached_channels=self.reached_channels,
            condition_channels=dict.fromkeys(range(1, 9), self.reached_channels),
            is_contested=self.accounts["contested"] > 0,
        )
        try:
            outcome = decide(seen, self.context(party, admin))
        except KroError as refusal:
            self.met.add(refusal.code)
            return False
        if outcome is None:
            return False
        self._apply(outcome)
        return True

    def pass_time(self, by: timedelta) -> None:
        """Let time pass, firing what becomes due in its order, each at its own moment."""
        until = self.now + by
        for _ in range(MAX_STEPS):
            due = min(((at, kind) for kind, at in self.timers.items() if at <= until), default=None)
            if due is None:
                break
            self.now = max(self.now, due[0])
            self.fire(due[1])
        else:
            raise AssertionError(f"time stands still: {self.timers}")
        self.now = until

    def fire(self, kind: str) -> None:
        """Do what the worker does with a due timer."""
        armed = self.timers.pop(kind)

        def decide(state: OrderState, context: Context) -> Outcome[OrderState] | None:
            return decide_due(state, kind, rules=RULES, settling=SETTLING, context=context)

        self.attempt(Party.SYSTEM, decide)
        assert self.timers.get(kind) != armed, f"{kind} does not move on"

    def _apply(self, outcome: Outcome[OrderState]) -> None:
        decision, state = outcome.decision, outcome.value
        self._keep_timers(decision)
        self._post(decision)
        self.events += [dict(event.data) for event in decision.events]
        assert all("…" not in sentence(event) for event in decision.events), "the timeline misses a fact"
        self.met |= {event.type for event in decision.events}
        issue = state.issue if state.issue is not None and not state.issue.status.is_over else None
        if issue is not None:
            issue = replace(issue, version=issue.version + 1)
        self.state = replace(state, issue=issue)

    def _keep_timers(self, decision: Decision) -> None:
        for cleared in decision.cleared:
            if cleared.kind is None:
                self.timers.clear()
            else:
                self.timers.pop(cleared.kind, None)
        self.timers |= {timer.kind: timer.due_at for timer in decision.timers}

    def _post(self, decision: Decision) -> None:
        for journal in decision.journals:
            assert sum(entry.amount for entry in journal.entries) == 0
            for entry in journal.entries:
                code = entry.account.code
                if code == "user_available":
                    code = "buyer" if entry.account.owner_id == BUYER else "seller"
                self.accounts[code] -= entry.amount

    def check(self) -> None:
        """Hold the order to everything that must be so after each step."""
        order, issue = self.state.order, self.state.issue
        assert sum(self.accounts.values()) == 0, "money came from nowhere or got lost"
        assert all(self.accounts[name] >= 0 for name in ("buyer", "seller", "order_escrow", "contested"))
        assert order.held == self.accounts["order_escrow"]
        assert replay(self.events) == Told.of(order)
        assert order.last_seq == len(self.events)
        assert (issue is not None) == (order.status in {OrderStatus.ISSUE_REPORTED, OrderStatus.DISPUTED})
        assert order.on_hold == (order.held_since is not None)
        if order.status.is_ended:
            assert (self.accounts["order_escrow"], self.timers, self.state.offers) == (0, {}, ())
            assert order.ended_at is not None
        elif order.on_hold:
            assert self.timers == {}, "time runs on hold"
        else:
            assert self.timers, f"an order that is {order.status} waits for ever"
