"""The parties' commands in a disagreement: each loads once, decides purely and applies once."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from kro.core.clock import Clock
from kro.core.decisions import DecisionRunner, Outcome, Reply
from kro.core.ids import IdSource
from kro.core.rate_limit import Limit, RateLimiter
from kro.order.database.orders import OrderRepository
from kro.order.database.records import OrderState
from kro.order.domain import decide_dispute, decide_issue, decide_offer, decide_ruling
from kro.order.domain.changes import Context
from kro.order.domain.issue_errors import IssueNotFoundError
from kro.order.domain.party_commands import Ask, Decide, PartyCommands, RenderOrder
from kro.order.domain.rules import OrderRules
from kro.order.domain.settling import Settling
from kro.verification.domain import StepUp, StepUpClaim

_OFFERS: Final = Limit("order_offers", quota=20, window_seconds=86_400)
# Each of both tells the other party by SMS and mail, and may be taken back and repeated. The window for reports
# is short because refused ones count too, and nobody may be kept from contesting until the inspection has ended.
_REPORTS: Final = Limit("order_issues", quota=10, window_seconds=3_600)


class IssueService:
    def __init__(
        self,
        *,
        runner: DecisionRunner,
        orders: OrderRepository,
        rules: OrderRules,
        settling: Settling,
        limiter: RateLimiter,
        step_up: StepUp,
        clock: Clock,
        ids: IdSource,
    ) -> None:
        self._commands = PartyCommands(runner=runner, orders=orders, step_up=step_up, clock=clock, ids=ids)
        self._rules = rules
        self._settling = settling
        self._limiter = limiter

    async def report(self, ask: Ask, command: decide_issue.ReportIssue, *, render: RenderOrder) -> Reply:
        """Contest the order or one of its conditions (T21).

        :raises RateLimitedError: after 10 reports of one party about one order in an hour.
        """
        await self._limiter.hit((_REPORTS, _subject(ask)))
        rules = self._rules.disputes
        return await self._commands.run(
            ask, lambda s, c: decide_issue.decide_report(s, command, rules=rules, context=c), render
        )

    async def answer(self, ask: Ask, issue_id: UUID, statement: str, *, render: RenderOrder) -> Reply:
        """React to the other party's issue (T21)."""
        return await self._on(ask, issue_id, lambda s, c: decide_issue.decide_answer(s, statement, context=c), render)

    async def concede(self, ask: Ask, issue_id: UUID, *, render: RenderOrder) -> Reply:
        """Give in: everything goes back to the buyer (T28)."""
        settling = self._settling
        return await self._on(
            ask, issue_id, lambda s, c: decide_issue.decide_concede(s, settling=settling, context=c), render
        )

    async def withdraw(self, ask: Ask, issue_id: UUID, *, render: RenderOrder) -> Reply:
        """Take one's own issue back (T29)."""
        return await self._on(ask, issue_id, lambda s, c: decide_issue.decide_withdraw(s, context=c), render)

    async def escalate(self, ask: Ask, issue_id: UUID, *, render: RenderOrder) -> Reply:
        """Ask the platform to decide (T30)."""
        rules = self._rules.disputes
        return await self._on(
            ask, issue_id, lambda s, c: decide_issue.decide_escalate(s, rules=rules, context=c), render
        )

    async def add_statement(
        self, ask: Ask, issue_id: UUID, command: decide_dispute.AddStatement, *, render: RenderOrder
    ) -> Reply:
        """Put something on the dispute's record (T31)."""
        return await self._on(
            ask, issue_id, lambda s, c: decide_dispute.decide_add_statement(s, command, context=c), render
        )

    async def appeal(self, ask: Ask, issue_id: UUID, grounds: str, *, render: RenderOrder) -> Reply:
        """Have another admin look at the decision again (T33)."""
        rules = self._rules.disputes
        return await self._on(
            ask, issue_id, lambda s, c: decide_ruling.decide_appeal(s, grounds, rules=rules, context=c), render
        )

    async def waive_appeal(
        self, ask: Ask, issue_id: UUID, *, claim: StepUpClaim | None = None, render: RenderOrder
    ) -> Reply:
        """Accept the decision as it is (T34); what the buyer so gives away may take a proof."""
        settling = self._settling
        decide = _on_it(issue_id, lambda s, c: decide_ruling.decide_waive_appeal(s, settling=settling, context=c))
        return await self._commands.run_proven(ask, decide, claim, render)

    async def make_offer(
        self, ask: Ask, command: decide_offer.MakeOffer, *, claim: StepUpClaim | None = None, render: RenderOrder
    ) -> Reply:
        """Offer how to share what the order holds (T18, T27); what the buyer gives away may take a proof.

        :raises RateLimitedError: after 20 offers of one party on one order in a day.
        """
        await self._limiter.hit((_OFFERS, _subject(ask)))
        rules = self._rules
        return await self._commands.run_proven(
            ask, lambda s, c: decide_offer.decide_make_offer(s, command, rules=rules, context=c), claim, render
        )

    async def withdraw_offer(self, ask: Ask, offer_id: UUID, *, render: RenderOrder) -> Reply:
        """Take one's own offer back."""
        return await self._commands.run(
            ask, lambda s, c: decide_offer.decide_withdraw_offer(s, offer_id, context=c), render
        )

    async def decline_offer(self, ask: Ask, offer_id: UUID, *, render: RenderOrder) -> Reply:
        """Turn the other party's offer down."""
        return await self._commands.run(
            ask, lambda s, c: decide_offer.decide_decline_offer(s, offer_id, context=c), render
        )

    async def accept_offer(
        self, ask: Ask, offer_id: UUID, *, claim: StepUpClaim | None = None, render: RenderOrder
    ) -> Reply:
        """Take the other party's offer; the order ends as it says (T18, T27). What the buyer gives may take a proof."""
        settling = self._settling
        return await self._commands.run_proven(
            ask, lambda s, c: decide_offer.decide_accept_offer(s, offer_id, settling=settling, context=c), claim, render
        )

    async def _on(self, ask: Ask, issue_id: UUID, decide: Decide, render: RenderOrder) -> Reply:
        return await self._commands.run(ask, _on_it(issue_id, decide), render)


def _on_it(issue_id: UUID, decide: Decide) -> Decide:
    def decide_on_it(state: OrderState, context: Context) -> Outcome[OrderState]:
        # Without an open issue the lifecycle refuses; another one than was meant must not be acted on.
        if state.issue is not None and state.issue.id != issue_id:
            raise IssueNotFoundError
        return decide(state, context)

    return decide_on_it


def _subject(ask: Ask) -> str:
    return f"{ask.actor.id}:{ask.order_id}"
