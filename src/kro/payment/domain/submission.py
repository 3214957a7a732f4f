"""Sends an approved payout: once, under a reference that is on record before the provider hears of it."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from kro.core.clock import Clock
from kro.core.decisions import DecisionRunner, Outcome
from kro.core.encryption import FieldCipher
from kro.core.ids import IdSource
from kro.core.outbox import Envelope, RetryLater
from kro.payment.database.payouts import PayoutRepository
from kro.payment.database.records import Payout, SubmissionState
from kro.payment.domain.board import ProviderBoard
from kro.payment.domain.context import Context
from kro.payment.domain.decide_submission import decide_submission
from kro.payment.domain.decide_transfer import decide_earlier, decide_transfer, is_over
from kro.payment.domain.errors import PayoutBlockedError, PayoutNotFoundError
from kro.payment.domain.progress import Progress
from kro.payment.domain.rules import PayoutRules
from kro.payment.providers import (
    BankAccount,
    FailedDefinitively,
    ProviderDirectory,
    TransferSendResult,
    UnsupportedAmountError,
)

_NARRATION: Final = "KRO payout"


def bank_account_context(bank_account_id: UUID) -> str:
    """Return the context a bank account's number is sealed for."""
    return f"bank_accounts.account_number:{bank_account_id}"


class PayoutSubmitter:
    def __init__(
        self,
        *,
        runner: DecisionRunner,
        payouts: PayoutRepository,
        providers: ProviderDirectory,
        board: ProviderBoard,
        cipher: FieldCipher,
        rules: PayoutRules,
        clock: Clock,
        ids: IdSource,
    ) -> None:
        self._runner = runner
        self._payouts = payouts
        self._providers = providers
        self._board = board
        self._cipher = cipher
        self._rules = rules
        self._clock = clock
        self._ids = ids

    async def handle(self, envelope: Envelope) -> None:
        """Handle ``payout.submit``.

        :raises RetryLater: while the payout may not leave.
        """
        try:
            await self.submit(payout_id=UUID(envelope.payload["payout_id"]))
        except PayoutBlockedError as error:
            raise RetryLater(error.code) from error

    async def submit(self, *, payout_id: UUID) -> None:
        """Take the payout, call the provider once, record what it said.

        Nothing is sent unless this call itself took the attempt. A process that dies after taking it leaves a lease
        behind: when that has run out the provider is asked, never called again.

        :raises PayoutBlockedError: while its owner is not active, the approvals do not cover it, or nobody may send it.
        """
        account = self._account((await self._load(payout_id)).payout)
        board = await self._board.current()
        taken = await self._runner.carry_out(
            load=lambda: self._load(payout_id),
            decide=lambda state: decide_submission(state, board=board, rules=self._rules, context=self._context()),
        )
        if taken is None or taken.attempt is None:
            return
        reference = taken.attempt.reference
        answer = await self._send(taken, reference, account)
        elsewhere = await self.elsewhere(taken)
        await self._runner.carry_out(
            load=lambda: self._load(payout_id),
            decide=lambda state: self._decide(state.payout, reference, answer, elsewhere),
        )

    def _decide(
        self, present: Payout, reference: str, answer: TransferSendResult, elsewhere: str | None
    ) -> Outcome[Progress]:
        # Whoever was slow to come back may find that another attempt has followed the one that was sent.
        if is_over(present, reference):
            return decide_earlier(present, answer, context=self._context())
        return decide_transfer(present, answer, rules=self._rules, context=self._context(), elsewhere=elsewhere)

    async def elsewhere(self, payout: Payout) -> str | None:
        """Return who could send a payout that its provider turns down; ``None`` if nobody is left."""
        board = await self._board.current()
        tried = {payout.provider, *payout.turned_down_by}
        return next((name for name in board.payers(payout.amount) if name not in tried), None)

    async def _send(self, payout: Payout, reference: str, account: BankAccount) -> TransferSendResult:
        try:
            return await self._providers[payout.provider].transfer_sender.send(
                reference=reference, amount=payout.amount, account=account, narration=_NARRATION
            )
        except UnsupportedAmountError as error:
            return FailedDefinitively(error.code)

    async def _load(self, payout_id: UUID) -> SubmissionState:
        state = await self._payouts.for_submission(payout_id)
        if state is None:
            raise PayoutNotFoundError
        return state

    def _account(self, payout: Payout) -> BankAccount:
        # Opened before the attempt is taken: a number that cannot be read must not look like a call under way.
        destination = payout.destination
        number = self._cipher.open(
            destination.account_number_sealed, context=bank_account_context(destination.bank_account_id)
        )
        return BankAccount(
            account_number=number, bank_code=destination.bank_code, account_name=destination.account_name
        )

    def _context(self) -> Context:
        return Context.of_system(self._clock, self._ids)
