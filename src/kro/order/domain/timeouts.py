"""What happens when a deadline passes; called by the worker with a timer that is due."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final
from uuid import UUID

from kro.core.actor import SYSTEM
from kro.core.alerts import alert
from kro.core.clock import Clock
from kro.core.decisions import ClearTimer, Decision, DecisionRunner, Outcome
from kro.core.ids import IdSource, show_id
from kro.order.database.issue_words import IssueStatus
from kro.order.database.orders import OrderRepository
from kro.order.database.records import OrderState
from kro.order.database.words import TimerKind
from kro.order.domain import decide_agree, decide_overdue
from kro.order.domain.changes import Context
from kro.order.domain.deadlines import ALERT
from kro.order.domain.decide_dispute import decide_evidence_over
from kro.order.domain.decide_issue import decide_negotiation_over
from kro.order.domain.decide_reminder import decide_reminder
from kro.order.domain.decide_ruling import decide_effective, decide_not_decided
from kro.order.domain.rules import OrderRules
from kro.order.domain.settling import Settling

AskProviders = Callable[[UUID], Awaitable[None]]
"""Brings the outcome of an order's open payments up to date."""

_WAITS: Final = frozenset({IssueStatus.EVIDENCE, IssueStatus.UNDER_REVIEW, IssueStatus.APPEALED})


class OrderTimeouts:
    def __init__(
        self,
        *,
        runner: DecisionRunner,
        orders: OrderRepository,
        rules: OrderRules,
        settling: Settling,
        ask_providers: AskProviders,
        clock: Clock,
        ids: IdSource,
    ) -> None:
        self._runner = runner
        self._orders = orders
        self._rules = rules
        self._settling = settling
        self._ask_providers = ask_providers
        self._clock = clock
        self._ids = ids

    async def fire(self, *, order_id: UUID, kind: str) -> None:
        """Act on a due timer; a late, repeated or stale one only disappears.

        :raises PaymentInProgressError: when a payment's outcome is still open; the timer stays and is tried again.
        """
        if kind == TimerKind.FUND_BY:
            await self._ask_providers(order_id)

        def decide(state: OrderState | None) -> Outcome[None]:
            context = Context(actor=SYSTEM, now=self._clock.now(), ids=self._ids)
            decision = self._decide(state, kind, context) if state is not None else None
            # Whatever came of it, this timer has done its work; one that was armed anew meanwhile has not.
            cleared = Decision(cleared=(ClearTimer(order_id, kind, due_until=context.now),))
            return Outcome(cleared + (decision or Decision()), None)

        await self._runner.carry_out(load=lambda: self._orders.load_for_system(order_id), decide=decide)

    def _decide(self, state: OrderState, kind: str, context: Context) -> Decision | None:
        deadline, _, step = kind.partition(".")
        if deadline == ALERT:
            return _alert(state, kind, context)
        timer = TimerKind(deadline)
        if step:
            outcome = decide_reminder(state, timer, step, rules=self._rules, context=context)
        else:
            outcome = self._timeout(state, timer, context)
        return outcome.decision if outcome is not None else None

    def _timeout(self, state: OrderState, timer: TimerKind, context: Context) -> Outcome[OrderState] | None:
        rules, settling = self._rules, self._settling
        # Nothing happens to an order when the time to decide is over: people are told by timers of their own.
        handlers: dict[TimerKind, Callable[[], Outcome[OrderState] | None]] = {
            TimerKind.ACCEPT_BY: lambda: decide_agree.decide_accept_timeout(state, context=context),
            TimerKind.FUND_BY: lambda: decide_agree.decide_fund_timeout(state, context=context),
            TimerKind.DELIVER_BY: lambda: decide_overdue.decide_delivery_overdue(state, rules=rules, context=context),
            TimerKind.NON_DELIVERY: lambda: decide_overdue.decide_non_delivery(
                state, rules=rules, settling=settling, context=context
            ),
            TimerKind.INSPECT_BY: lambda: decide_overdue.decide_inspection_timeout(state, rules=rules, context=context),
            TimerKind.RESPOND_BY: lambda: decide_negotiation_over(state, rules=rules.disputes, context=context),
            TimerKind.NEGOTIATE_BY: lambda: decide_negotiation_over(state, rules=rules.disputes, context=context),
            TimerKind.EVIDENCE_BY: lambda: decide_evidence_over(state, context=context),
            TimerKind.DECIDE_BY: lambda: None,
            TimerKind.APPEAL_BY: lambda: decide_effective(state, settling=settling, context=context),
            TimerKind.OVERDUE_BY: lambda: decide_not_decided(state, settling=settling, context=context),
        }
        return handlers[timer]()


def _alert(state: OrderState, kind: str, context: Context) -> Decision | None:
    issue = state.issue
    if issue is None or issue.status not in _WAITS:
        return None
    order_id = show_id("ord", state.order.id)
    days = kind.partition(".")[2]
    return Decision(
        messages=(
            alert(
                id=context.ids.new(),
                kind="dispute_waits",
                subject=f"A dispute has waited {days} days for its decision",
                detail=f"Order {order_id} was escalated {days} days ago and is {issue.status.replace('_', ' ')}. "
                f"It is decided by default at {issue.overdue_by}.",
            ),
        )
    )
