"""Sends an approved refund: once per try, on record before the provider hears of it."""

from __future__ import annotations

from uuid import UUID

from kro.core.clock import Clock
from kro.core.decisions import DecisionRunner
from kro.core.ids import IdSource
from kro.core.outbox import Envelope, RetryLater
from kro.payment.domain import (
    FailedDefinitively,
    ProviderDirectory,
    RefundInstruction,
    RefundSendResult,
    UnsupportedAmountError,
    provider_reference_for,
)
from kro.refund.database.records import SubmissionState
from kro.refund.database.refunds import RefundRepository
from kro.refund.domain.context import Context
from kro.refund.domain.decide_refund_outcome import decide_outcome
from kro.refund.domain.decide_refund_submission import decide_submission
from kro.refund.domain.errors import RefundBlockedError, RefundNotFoundError
from kro.refund.domain.rules import RefundRules


class RefundSubmitter:
    def __init__(
        self,
        *,
        runner: DecisionRunner,
        refunds: RefundRepository,
        providers: ProviderDirectory,
        rules: RefundRules,
        clock: Clock,
        ids: IdSource,
    ) -> None:
        self._runner = runner
        self._refunds = refunds
        self._providers = providers
        self._rules = rules
        self._clock = clock
        self._ids = ids

    async def handle(self, envelope: Envelope) -> None:
        """Handle ``refund.submit``.

        :raises RetryLater: while the refund may not leave.
        """
        try:
            await self.submit(refund_id=UUID(envelope.payload["refund_id"]))
        except RefundBlockedError as error:
            raise RetryLater(error.code) from error

    async def submit(self, *, refund_id: UUID) -> None:
        """Take the refund, call the provider once, record what it said.

        Nothing is sent unless this call itself took the try. A process that dies after taking it leaves a lease behind:
        when that has run out the provider is asked, never called again.

        :raises RefundBlockedError: while its owner is not active or the approvals do not cover it.
        """
        taken = await self._runner.carry_out(
            load=lambda: self._load(refund_id),
            decide=lambda state: decide_submission(state, rules=self._rules, context=self._context()),
        )
        if taken is None:
            return
        answer = await self._send(await self._load(refund_id))
        await self._runner.carry_out(
            load=lambda: self._load(refund_id),
            decide=lambda state: decide_outcome(state.refund, answer, rules=self._rules, context=self._context()),
        )

    async def _send(self, state: SubmissionState) -> RefundSendResult:
        try:
            return await self._providers[state.refund.provider or ""].refund_sender.send(instruction_for(state))
        except UnsupportedAmountError as error:
            return FailedDefinitively(error.code)

    async def _load(self, refund_id: UUID) -> SubmissionState:
        state = await self._refunds.for_submission(refund_id)
        if state is None:
            raise RefundNotFoundError
        return state

    def _context(self) -> Context:
        return Context.of_system(self._clock, self._ids)


def instruction_for(state: SubmissionState) -> RefundInstruction:
    """Return what the provider is told of a refund: the same at every try, but for what failed before."""
    refund = state.refund
    # The provider's refund of a failed try keeps our reference for ever and must not answer for a later one.
    failed = {one.provider_reference for one in refund.attempts if one.status == "failed"}
    return RefundInstruction(
        reference=provider_reference_for(refund.id),
        transaction=state.transaction,
        amount=refund.amount,
        failed=frozenset(reference for reference in failed if reference is not None),
    )
