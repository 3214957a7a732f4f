from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final

from kro.core.money import Money
from kro.payment.providers.errors import ProviderUnavailableError
from kro.payment.providers.fake.books import FakeBooks, FakeTransaction, FakeTransfer, Fault, transfer_fee
from kro.payment.providers.paystack.inflows import CHANNEL
from kro.payment.providers.paystack.units import to_subunits
from kro.payment.providers.references import ensure_own_reference
from kro.payment.providers.results import (
    Bank,
    BankAccount,
    CheckoutResult,
    CheckoutStarted,
    CollectionFacts,
    CollectionResult,
    FailedDefinitively,
    NotFound,
    NotResolved,
    NotSent,
    Payer,
    Pending,
    ResolvedAccount,
    Reversed,
    Succeeded,
    TransferFacts,
    TransferSendResult,
    TransferStatusResult,
    Unknown,
)

MOMENT: Final = datetime(2026, 1, 15, 9, 0, tzinfo=UTC)
_ACCOUNT_DIGITS: Final = 10


class FakeCollections:
    def __init__(self, books: FakeBooks) -> None:
        self._books = books

    async def start(
        self,
        *,
        reference: str,
        amount: Money,
        payer_email: str,
        callback_url: str,  # noqa: ARG002 - There is no browser to send back.
        metadata: Mapping[str, str] | None = None,  # noqa: ARG002 - Paystack only shows it on its dashboard.
    ) -> CheckoutResult:
        ensure_own_reference(reference)
        to_subunits(amount)
        fault = self._books.begin("start")
        if fault in {Fault.NOT_SENT, Fault.REQUEST_LOST}:
            return NotSent("fault") if fault is Fault.NOT_SENT else Unknown("fault")
        if reference in self._books.transactions:
            return Unknown("duplicate_reference")
        started = FakeTransaction(
            reference=reference,
            number=next(self._books.numbers),
            requested_minor=amount.amount,
            amount_minor=amount.amount,
            currency=amount.currency,
            payer_email=payer_email,
        )
        self._books.transactions[reference] = started
        if fault is Fault.ANSWER_LOST:
            return Unknown("fault")
        code = f"access{started.number}"
        return CheckoutStarted(url=f"https://checkout.example/{code}", provider_reference=code)

    async def verify(self, *, reference: str) -> CollectionResult:
        if self._books.begin("verify"):
            return Unknown("fault")
        return collection(self._books.transactions.get(reference))


class FakeTransfers:
    def __init__(self, books: FakeBooks) -> None:
        self._books = books

    async def send(self, *, reference: str, amount: Money, account: BankAccount, narration: str) -> TransferSendResult:
        ensure_own_reference(reference)
        to_subunits(amount)
        fault = self._books.begin("send")
        if fault in {Fault.NOT_SENT, Fault.REQUEST_LOST}:
            return NotSent("fault") if fault is Fault.NOT_SENT else Unknown("fault")
        transfer = self._books.transfers.get(reference)
        if transfer is None:
            fee = transfer_fee(amount.amount)
            if self._books.balance[amount.currency] < amount.amount + fee:
                return FailedDefinitively("insufficient_balance")
            transfer = FakeTransfer(
                reference=reference,
                number=next(self._books.numbers),
                amount_minor=amount.amount,
                currency=amount.currency,
                fee_minor=fee,
                account=account,
                narration=narration,
            )
            self._books.transfers[reference] = transfer
            self._books.balance[amount.currency] -= amount.amount + fee
        if fault is Fault.ANSWER_LOST:
            return Unknown("fault")
        same = (transfer.amount_minor, transfer.currency) == (amount.amount, amount.currency)
        return _judge(transfer) if same else Unknown("amount_mismatch")

    async def status(self, *, reference: str) -> TransferStatusResult:
        if self._books.begin("status"):
            return Unknown("fault")
        transfer = self._books.transfers.get(reference)
        return NotFound() if transfer is None else _judge(transfer)


class FakeBanks:
    def __init__(self, books: FakeBooks) -> None:
        self._books = books

    async def list_banks(self, *, currency: str) -> tuple[Bank, ...]:
        if self._books.begin("banks"):
            raise ProviderUnavailableError(cause="fault")
        banks = (Bank("044", "Access Bank", "access-bank"), Bank("058", "Guaranty Trust Bank", "guaranty-trust-bank"))
        return banks if currency == "NGN" else ()

    async def resolve(self, *, account_number: str, bank_code: str) -> ResolvedAccount | NotResolved:
        if len(account_number) != _ACCOUNT_DIGITS or not account_number.isdigit():
            return NotResolved("invalid_account")
        if self._books.begin("resolve"):
            raise ProviderUnavailableError(cause="fault")
        if account_number.endswith("0000"):
            return NotResolved("account_not_found")
        name = "DEMO SELLER" if account_number == "0001234567" else f"TEST ACCOUNT {account_number[-4:]}"
        return ResolvedAccount(account_number=account_number, bank_code=bank_code, account_name=name)


def collection(known: FakeTransaction | None) -> CollectionResult:
    """Say what became of a transaction."""
    if known is None:
        return NotFound()
    facts = _collection_facts(known)
    match known.status:
        case "success":
            return Succeeded(facts)
        case "reversed":
            return Reversed(facts)
        case "failed":
            return FailedDefinitively("failed", "Declined", facts)
        case _:
            return Pending(known.status, facts)


def _judge(
    transfer: FakeTransfer,
) -> Succeeded[TransferFacts] | Pending[TransferFacts] | FailedDefinitively[TransferFacts] | Reversed[TransferFacts]:
    facts = TransferFacts(
        reference=transfer.reference,
        provider_reference=f"TRF_{transfer.number}",
        amount_minor=transfer.amount_minor,
        currency=transfer.currency,
        fees_minor=transfer.fee_minor,
        updated_at=MOMENT,
    )
    match transfer.status:
        case "success":
            return Succeeded(facts)
        case "reversed":
            return Reversed(facts)
        case "pending" | "otp" | "received":
            return Pending(transfer.status, facts)
        case _:
            return FailedDefinitively(transfer.status, "", facts)


def _collection_facts(known: FakeTransaction) -> CollectionFacts:
    paid = known.status in {"success", "reversed"}
    return CollectionFacts(
        reference=known.reference,
        provider_reference=str(known.number),
        amount_minor=known.amount_minor,
        currency=known.currency,
        requested_minor=known.requested_minor,
        fees_minor=known.fee_minor if paid else None,
        channel="card" if known.receiving_account is None else CHANNEL,
        paid_at=MOMENT if paid else None,
        payer=Payer(email=known.payer_email),
        receiving_account=known.receiving_account,
    )
