"""What became of a refund: the webhook and the poll ask here, so that a lost webhook costs only time."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Final
from uuid import UUID

from kro.core.clock import Clock
from kro.core.decisions import Decision, DecisionRunner, Outcome
from kro.core.ids import IdSource
from kro.core.telemetry import get_logger
from kro.payment.domain import NotFound, Progress, ProviderDirectory, RefundStatusResult
from kro.refund.database.records import RefundAttempt, RefundStatus, SubmissionState
from kro.refund.database.refunds import RefundRepository
from kro.refund.domain.context import Context
from kro.refund.domain.decide_refund_outcome import decide_outcome
from kro.refund.domain.decide_refund_submission import may_be_sent_again
from kro.refund.domain.errors import RefundBlockedError, RefundNotFoundError
from kro.refund.domain.rules import RefundRules
from kro.refund.domain.sending import RefundSubmitter, instruction_for

LEASE: Final = timedelta(minutes=3)
"""Longer than any call to a provider; what a dead worker had taken is asked about again after it."""

# The one that needs a person most speaks for all refunds of a payment.
_WORST_FIRST: Final = (Progress.PARKED, Progress.WAITING, Progress.FINAL)

log = get_logger()


class RefundTracker:
    def __init__(
        self,
        *,
        runner: DecisionRunner,
        refunds: RefundRepository,
        providers: ProviderDirectory,
        submitter: RefundSubmitter,
        rules: RefundRules,
        clock: Clock,
        ids: IdSource,
    ) -> None:
        self._runner = runner
        self._refunds = refunds
        self._providers = providers
        self._submitter = submitter
        self._rules = rules
        self._clock = clock
        self._ids = ids

    async def apply_provider_result(self, reference: str) -> Progress:
        """Ask about every refund of the payment that bears a reference of ours: events do not say which one it is."""
        refund_ids = await self._refunds.sent_of_payment(reference)
        if not refund_ids:
            return Progress.UNKNOWN_REFERENCE
        heard = [await self.follow_up(refund_id=refund_id) for refund_id in refund_ids]
        return next(progress for progress in _WORST_FIRST if progress in heard)

    async def poll_due(self, *, limit: int = 20) -> int:
        """Follow up refunds whose time has come, side by side; return how many."""
        now = self._clock.now()
        due = await self._refunds.claim_due(now=now, lease_until=now + LEASE, limit=limit)
        await asyncio.gather(*(self._follow_due(refund_id) for refund_id in due))
        return len(due)

    async def follow_up(self, *, refund_id: UUID) -> Progress:
        """Ask the provider about a refund and act on that answer; send it where that is due.

        While a call may be under way nobody asks: "no such refund" would mean nothing yet.
        """
        state = await self._load(refund_id)
        refund, attempt = state.refund, state.refund.attempt
        if refund.status is RefundStatus.APPROVED or may_be_sent_again(refund):
            await self._submitter.submit(refund_id=refund_id)
            return Progress.WAITING
        if attempt is None:
            return Progress.FINAL
        if attempt.lease_until is not None and attempt.lease_until > self._clock.now():
            return Progress.WAITING
        answer = await self._providers[refund.provider or ""].refund_reader.status(instruction_for(state))
        return await self._runner.carry_out(
            load=lambda: self._load(refund_id),
            decide=lambda present: self._decide(present, attempt, answer),
        )

    async def _follow_due(self, refund_id: UUID) -> None:
        try:
            await self.follow_up(refund_id=refund_id)
        except RefundBlockedError:
            log.warning("refund_blocked", refund_id=refund_id)
        except Exception:
            # One that fails must not keep the others waiting; its lease brings it back.
            log.exception("refund_poll_failed", refund_id=refund_id)

    def _decide(self, present: SubmissionState, asked: RefundAttempt, answer: RefundStatusResult) -> Outcome[Progress]:
        # An answer is about one try: somebody may have taken that for sending by now, or begun another.
        if present.refund.attempt != asked and (isinstance(answer, NotFound) or _number(present) != asked.number):
            return Outcome(Decision(), Progress.WAITING)
        context = Context.of_system(self._clock, self._ids)
        return decide_outcome(present.refund, answer, rules=self._rules, context=context)

    async def _load(self, refund_id: UUID) -> SubmissionState:
        state = await self._refunds.for_submission(refund_id)
        if state is None:
            raise RefundNotFoundError
        return state


def _number(state: SubmissionState) -> int:
    return state.refund.attempt.number if state.refund.attempt is not None else 0
