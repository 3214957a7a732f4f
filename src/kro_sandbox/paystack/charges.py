"""Collections: initialize, the customer's payment at the checkout, verify."""

import re
from dataclasses import dataclass
from typing import Any

from kro_sandbox.core.clock import Clock
from kro_sandbox.core.faults import Fault, FaultBook, FaultKind
from kro_sandbox.core.tokens import token
from kro_sandbox.core.wire import JSONObject
from kro_sandbox.paystack.cards import Card, find_card, four_digit_year, is_expired
from kro_sandbox.paystack.customers import Customers
from kro_sandbox.paystack.errors import PaystackError, not_found
from kro_sandbox.paystack.events import Events
from kro_sandbox.paystack.money import MAXIMUM_CHARGE, MINIMUM_CHARGE, charge_fee, read_amount
from kro_sandbox.paystack.payloads import charge_event
from kro_sandbox.paystack.state import PaystackState, Transaction, TransactionStatus

PAY_FAULTS = frozenset({FaultKind.DECLINE, FaultKind.UNDER, FaultKind.OVER, FaultKind.WRONG_CURRENCY})
_REFERENCE = re.compile(r"[A-Za-z0-9.=-]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Payment:
    """What the customer typed at the checkout."""

    card_number: str
    cvv: str
    expiry: str
    answers: dict[str, str]
    """PIN, phone and one-time code, as far as they were asked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentResult:
    status: str
    message: str


class Charges:
    def __init__(
        self, *, state: PaystackState, clock: Clock, faults: FaultBook, events: Events, customers: Customers
    ) -> None:
        self._customers = customers
        self._state = state
        self._clock = clock
        self._faults = faults
        self._events = events

    def initialize(self, body: JSONObject) -> Transaction:
        """Create a transaction that waits for its customer.

        :raises PaystackError: for anything Paystack refuses, a used reference among them.
        """
        customer = self._customers.of(body.get("email"))
        currency = _currency(body)
        amount = _chargeable(read_amount(body), currency)
        transaction = Transaction(
            id=self._state.ids.next(),
            reference=self._free_reference(body.get("reference")),
            access_code=token(length=15),
            requested_amount=amount,
            amount=amount,
            currency=currency,
            customer=customer,
            metadata=_metadata(body.get("metadata")),
            callback_url=body.get("callback_url") or None,
            created_at=self._clock.now(),
        )
        self._state.transactions[transaction.reference] = transaction
        self._state.by_access_code[transaction.access_code] = transaction
        return transaction

    def verify(self, reference: str) -> Transaction:
        """Find a transaction by reference.

        :raises PaystackError: 400 when there is none.
        """
        transaction = self._state.transactions.get(reference)
        if transaction is None:
            raise not_found("Transaction reference not found.", code="transaction_not_found", status=400)
        return transaction

    def fetch(self, identifier: str) -> Transaction:
        for transaction in self._state.transactions.values():
            if str(transaction.id) == identifier:
                return transaction
        raise not_found("Transaction not found", code="transaction_not_found")

    def at_checkout(self, access_code: str) -> Transaction | None:
        return self._state.by_access_code.get(access_code)

    def pay(self, transaction: Transaction, payment: Payment) -> PaymentResult:
        """Let the customer pay; a refused attempt leaves the transaction open for another one, as on the real page."""
        if transaction.paid_at is not None:
            return PaymentResult(status="success", message="This transaction has already been paid.")
        card = find_card(payment.card_number)
        expiry = four_digit_year(payment.expiry)
        transaction.attempts += 1
        transaction.card_number = None if card is None else card.number
        fault = self._faults.take(vendor="paystack", operations=("pay",), kinds=PAY_FAULTS)
        refusal = self._refusal(card, expiry, payment, fault)
        if refusal is not None:
            return self._refused(transaction, refusal)
        if card is None or expiry is None:
            return self._refused(transaction, "Declined")
        asked = _unanswered(card, payment.answers)
        if asked is not None:
            transaction.status = TransactionStatus.ONGOING
            return PaymentResult(status=f"send_{asked}", message=f"The bank asks for the {asked}.")
        transaction.card_expiry = expiry
        self._paid(transaction, fault)
        return PaymentResult(status="success", message="Approved")

    def cancel(self, transaction: Transaction) -> None:
        if transaction.paid_at is None:
            transaction.status = TransactionStatus.ABANDONED
            transaction.gateway_response = "The transaction was not completed"

    def _refusal(self, card: Card | None, expiry: str | None, payment: Payment, fault: Fault | None) -> str | None:
        if fault is not None and fault.kind is FaultKind.DECLINE:
            return fault.text("message", "Declined")
        if card is None:
            return "Card not supported: only the listed test cards work here"
        if payment.cvv.strip() != card.cvv:
            return "Incorrect CVV"
        if expiry is None or is_expired(expiry, now=self._clock.now()):
            return "Expired Card"
        wrong = [name for name, right in card.asks if right and payment.answers.get(name, right) != right]
        return f"Incorrect {wrong[0].upper()}" if wrong else card.refusal

    def _refused(self, transaction: Transaction, message: str) -> PaymentResult:
        transaction.status = TransactionStatus.FAILED
        transaction.gateway_response = message
        transaction.errors += 1
        transaction.history.append({"type": "error", "message": f"Error: {message}", "time": 3})
        return PaymentResult(status="failed", message=message)

    def _paid(self, transaction: Transaction, fault: Fault | None) -> None:
        if fault is not None:
            _misread(transaction, fault)
        transaction.status = TransactionStatus.SUCCESS
        transaction.gateway_response = "Successful"
        transaction.paid_at = self._clock.now()
        transaction.fees = charge_fee(amount=transaction.amount, currency=transaction.currency)
        transaction.authorization_code = f"AUTH_{token(length=10)}"
        transaction.history.append({"type": "success", "message": "Successfully paid with card", "time": 4})
        self._state.account.move(
            currency=transaction.currency,
            difference=transaction.amount - transaction.fees,
            reason="Customer payment less fees",
            model="Transaction",
            row=transaction.id,
            reference=transaction.reference,
        )
        self._events.send("charge.success", charge_event(transaction), reference=transaction.reference)

    def _free_reference(self, wanted: object) -> str:
        if wanted is None or wanted == "":
            return token(length=10)
        if not isinstance(wanted, str) or not _REFERENCE.fullmatch(wanted):
            raise PaystackError(
                "Invalid characters in transaction reference",
                next_step="Use only alphanumeric characters and - . = in the reference.",
            )
        if wanted in self._state.transactions:
            raise PaystackError(
                "Duplicate Transaction Reference",
                code="duplicate_reference",
                next_step="Try and create the Transaction or Charge with a new reference",
            )
        return wanted


def _currency(body: JSONObject) -> str:
    currency = body.get("currency") or "NGN"
    if currency not in MINIMUM_CHARGE:
        raise PaystackError(
            "Currency not supported by merchant",
            status=403,
            code="unsupported_currency",
            next_step="Ensure the currency is enabled on the integration.",
        )
    return str(currency)


def _chargeable(amount: int, currency: str) -> int:
    if amount < MINIMUM_CHARGE[currency]:
        raise PaystackError(
            f"Amount must not be less than {currency} {MINIMUM_CHARGE[currency] / 100:.2f}",
            next_step="Send a larger amount.",
        )
    if amount > MAXIMUM_CHARGE:
        raise PaystackError("Transaction amount exceeds the maximum of 10,000,000", next_step="Send a smaller amount.")
    return amount


def _metadata(value: object) -> Any:  # noqa: ANN401  whatever JSON the merchant sent comes back
    if value in ("", None):
        return None
    if not isinstance(value, (dict, str)):
        raise PaystackError("Metadata must be an object or a stringified object")
    return value


def _unanswered(card: Card, answers: dict[str, str]) -> str | None:
    return next((name for name, _ in card.asks if not answers.get(name)), None)


def _misread(transaction: Transaction, fault: Fault) -> None:
    match fault.kind:
        case FaultKind.UNDER:
            transaction.amount = fault.whole("amount", transaction.requested_amount - 100)
        case FaultKind.OVER:
            transaction.amount = fault.whole("amount", transaction.requested_amount + 100)
        case FaultKind.WRONG_CURRENCY:
            transaction.currency = fault.text("currency", "GHS" if transaction.currency != "GHS" else "NGN")
        case _:
            pass
