"""What became of a payout: the webhook and the poll ask here."""

from __future__ import annotations

from contextlib import suppress
from uuid import UUID

from kro.core.clock import Clock
from kro.core.decisions import Decision, DecisionRunner, Outcome
from kro.core.ids import IdSource
from kro.payment.database.payouts import PayoutRepository
from kro.payment.database.records import Attempt, Payout
from kro.payment.domain.context import Context
from kro.payment.domain.decide_submission import may_be_sent_again
from kro.payment.domain.decide_transfer import decide_earlier, decide_transfer, is_over
from kro.payment.domain.errors import PayoutBlockedError, PayoutNotFoundError
from kro.payment.domain.progress import Progress
from kro.payment.domain.rules import PayoutRules
from kro.payment.domain.submission import PayoutSubmitter
from kro.payment.providers import NotFound, ProviderDirectory, TransferStatusResult


class PayoutTracker:
    def __init__(
        self,
        *,
        runner: DecisionRunner,
        payouts: PayoutRepository,
        providers: ProviderDirectory,
        submitter: PayoutSubmitter,
        rules: PayoutRules,
        clock: Clock,
        ids: IdSource,
    ) -> None:
        self._runner = runner
        self._payouts = payouts
        self._providers = providers
        self._submitter = submitter
        self._rules = rules
        self._clock = clock
        self._ids = ids

    async def apply_provider_result(self, *, reference: str) -> Progress:
        """Ask about the payout that one of its attempts' references names."""
        named = await self._payouts.named_attempt(reference)
        if named is None:
            return Progress.UNKNOWN_REFERENCE
        if named.is_last:
            return await self.follow_up(payout_id=named.payout_id)
        answer = await self._providers[named.provider].transfer_reader.status(reference=reference)
        return await self._runner.carry_out(
            load=lambda: self._load(named.payout_id),
            decide=lambda payout: decide_earlier(payout, answer, context=Context.of_system(self._clock, self._ids)),
        )

    async def follow_up(self, *, payout_id: UUID) -> Progress:
        """Ask the provider about a payout and act on that answer; send it where the provider never took it.

        While a call may be under way nobody asks: "no such transfer" would mean nothing yet.
        """
        payout = await self._load(payout_id)
        attempt = payout.attempt
        if attempt is None:
            return Progress.FINAL
        if may_be_sent_again(payout):
            # While it may not leave, the next poll tries again.
            with suppress(PayoutBlockedError):
                await self._submitter.submit(payout_id=payout_id)
            return Progress.WAITING
        if attempt.lease_until is not None and attempt.lease_until > self._clock.now():
            return Progress.WAITING
        answer = await self._providers[payout.provider].transfer_reader.status(reference=attempt.reference)
        elsewhere = await self._submitter.elsewhere(payout)
        return await self._runner.carry_out(
            load=lambda: self._load(payout_id),
            decide=lambda present: self._decide(present, attempt, answer, elsewhere),
        )

    def _decide(
        self, present: Payout, asked: Attempt, answer: TransferStatusResult, elsewhere: str | None
    ) -> Outcome[Progress]:
        context = Context.of_system(self._clock, self._ids)
        if is_over(present, asked.reference):
            return decide_earlier(present, answer, context=context)
        # "No such transfer" is about the moment it was asked: by now somebody may have taken the attempt for sending.
        if isinstance(answer, NotFound) and present.attempt != asked:
            return Outcome(Decision(), Progress.WAITING)
        return decide_transfer(present, answer, rules=self._rules, context=context, elsewhere=elsewhere)

    async def _load(self, payout_id: UUID) -> Payout:
        state = await self._payouts.for_submission(payout_id)
        if state is None:
            raise PayoutNotFoundError
        return state.payout
