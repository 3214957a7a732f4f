"""Refunds of paid transactions, along Paystack's chain of statuses. There is no idempotency key, as in reality."""

from kro_sandbox.core.background import Background
from kro_sandbox.core.clock import Clock
from kro_sandbox.core.faults import FaultBook, FaultKind
from kro_sandbox.core.options import Options
from kro_sandbox.core.wire import JSONObject
from kro_sandbox.paystack.cards import find_card
from kro_sandbox.paystack.errors import PaystackError, missing, not_found
from kro_sandbox.paystack.events import Events
from kro_sandbox.paystack.money import read_amount
from kro_sandbox.paystack.payloads import refund_event
from kro_sandbox.paystack.state import PaystackState, Refund, RefundStatus, Transaction, TransactionStatus

REFUND_FAULTS = frozenset({FaultKind.DECLINE, FaultKind.NEEDS_ATTENTION, FaultKind.STUCK})


class Refunds:
    def __init__(
        self,
        *,
        state: PaystackState,
        clock: Clock,
        faults: FaultBook,
        options: Options,
        background: Background,
        events: Events,
    ) -> None:
        self._state = state
        self._clock = clock
        self._faults = faults
        self._options = options
        self._background = background
        self._events = events

    def create(self, body: JSONObject) -> Refund:
        """Take the amount from the balance and start the refund; no amount means all that is left.

        :raises PaystackError: when the transaction is unknown, unpaid, or has less left than asked for.
        """
        if not body.get("transaction"):
            raise missing("Transaction")
        transaction = self._transaction(str(body["transaction"]))
        if transaction.paid_at is None:
            raise PaystackError("Transaction has not been paid", code="transaction_not_successful")
        left = transaction.amount - transaction.refunded
        if left <= 0:
            raise PaystackError("Transaction has been fully reversed", code="transaction_reversed")
        amount = read_amount(body) if body.get("amount") not in (None, "") else left
        if amount > left:
            raise PaystackError("Refund amount cannot be more than the amount left on the transaction")
        if body.get("currency") not in (None, "", transaction.currency):
            raise PaystackError("Refund currency must be the currency of the transaction")
        refund = self._new(transaction, amount, body)
        self._state.refunds[refund.id] = refund
        transaction.refunded += amount
        self._book(refund, sign=-1, reason="Refund")
        self._tell(refund)
        if refund.then is not None:
            self._background.start(lambda: self._process(refund), delay=self._options.refund_delay)
        return refund

    def find(self, *, transaction: str | None) -> list[Refund]:
        """List refunds, newest first, of one transaction (id or reference) or all."""
        newest = reversed(self._state.refunds.values())
        return [
            refund
            for refund in newest
            if not transaction or transaction in (str(refund.transaction.id), refund.transaction.reference)
        ]

    def fetch(self, identifier: str) -> Refund:
        refund = self._state.refunds.get(int(identifier)) if identifier.isdigit() else None
        if refund is None:
            raise not_found("Refund not found")
        return refund

    def retry(self, identifier: str, body: JSONObject) -> Refund:
        """Go on with a refund that lacked the customer's bank details.

        :raises PaystackError: 422 when the refund does not wait for them.
        """
        refund = self.fetch(identifier)
        if refund.status is not RefundStatus.NEEDS_ATTENTION:
            raise PaystackError('Invalid Refund state, refund status should be "needs-attention"', status=422)
        details = body.get("refund_account_details")
        if not isinstance(details, dict) or not {"currency", "account_number", "bank_id"} <= details.keys():
            raise missing("refund_account_details")
        refund.then = RefundStatus.PROCESSED
        self._move(refund, RefundStatus.PROCESSING)
        self._background.start(lambda: self._finish(refund), delay=self._options.refund_delay)
        return refund

    def _transaction(self, identifier: str) -> Transaction:
        for transaction in self._state.transactions.values():
            if identifier in (transaction.reference, str(transaction.id)):
                return transaction
        raise not_found("Transaction not found", code="transaction_not_found")

    def _new(self, transaction: Transaction, amount: int, body: JSONObject) -> Refund:
        now = self._clock.now()
        refund = Refund(
            id=self._state.ids.next(),
            transaction=transaction,
            amount=amount,
            currency=transaction.currency,
            merchant_note=str(body.get("merchant_note") or f"Refund for transaction {transaction.reference}"),
            customer_note=str(body.get("customer_note") or f"Refund for transaction {transaction.reference}"),
            status=RefundStatus.PENDING,
            created_at=now,
            updated_at=now,
        )
        fault = self._faults.take(vendor="paystack", operations=("refund",), kinds=REFUND_FAULTS)
        card = find_card(transaction.card_number)
        refund.then = RefundStatus.PROCESSED if card is None else card.refund_ends
        if fault is not None:
            refund.then = {
                FaultKind.DECLINE: RefundStatus.FAILED,
                FaultKind.NEEDS_ATTENTION: RefundStatus.NEEDS_ATTENTION,
            }.get(fault.kind)
        return refund

    async def _process(self, refund: Refund) -> None:
        self._move(refund, RefundStatus.PROCESSING)
        self._background.start(lambda: self._finish(refund), delay=self._options.refund_delay)

    async def _finish(self, refund: Refund) -> None:
        if refund.then is None or refund.status is refund.then:
            return
        transaction = refund.transaction
        if refund.then is RefundStatus.PROCESSED:
            refund.reference = str(self._state.ids.next())
            if transaction.refunded >= transaction.amount:
                transaction.status = TransactionStatus.REVERSED
        if refund.then is RefundStatus.FAILED:
            transaction.refunded -= refund.amount
            self._book(refund, sign=1, reason="Refund failed")
        self._move(refund, refund.then)

    def _move(self, refund: Refund, status: RefundStatus) -> None:
        refund.status = status
        refund.updated_at = self._clock.now()
        self._tell(refund)

    def _tell(self, refund: Refund) -> None:
        self._events.send(f"refund.{refund.status}", refund_event(refund), reference=refund.transaction.reference)

    def _book(self, refund: Refund, *, sign: int, reason: str) -> None:
        self._state.account.move(
            currency=refund.currency,
            difference=sign * refund.amount,
            reason=reason,
            model="Refund",
            row=refund.id,
            reference=refund.transaction.reference,
        )
