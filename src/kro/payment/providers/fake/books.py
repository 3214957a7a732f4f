"""What the pretended vendor knows: transactions, transfers and the balance it owes us."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections import defaultdict, deque
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from itertools import count
from typing import Final

from kro.payment.providers.paystack.inflows import CHANNEL
from kro.payment.providers.results import BankAccount

SECRET: Final = "sk_test_fake_0000000000000000000000000000"  # noqa: S105 - A public key of a thing in memory.


class Fault(StrEnum):
    """What goes wrong with one call.

    Calls are ``start``, ``verify``, ``banks``, ``resolve``, ``send``, ``status``, ``refund``, ``refund_status``,
    ``lend`` and ``inflow``.
    """

    NOT_SENT = "not_sent"
    REQUEST_LOST = "request_lost"
    """The caller does not know, and nothing happened."""
    ANSWER_LOST = "answer_lost"
    """The caller does not know, and it happened."""


@dataclass(slots=True)
class FakeTransaction:
    reference: str
    number: int
    requested_minor: int
    amount_minor: int
    currency: str
    payer_email: str
    status: str = "abandoned"
    receiving_account: str | None = None
    """Where it arrived, if it was a transfer to a dedicated account that nobody had begun."""

    @property
    def fee_minor(self) -> int:
        """What Paystack keeps of it."""
        if self.receiving_account is not None:
            return min(self.amount_minor // 100, 30_000)
        return charge_fee(self.amount_minor)


@dataclass(slots=True)
class FakeAccount:
    """A dedicated account; Paystack knows its owner by their address."""

    number: str
    identifier: int
    email: str
    phone: str
    name: str


@dataclass(slots=True)
class FakeTransfer:
    reference: str
    number: int
    amount_minor: int
    currency: str
    fee_minor: int
    account: BankAccount
    narration: str
    status: str = "pending"


@dataclass(slots=True)
class FakeRefund:
    """``reference`` is the merchant's note: several refunds may bear the same one, as in reality."""

    reference: str
    number: int
    transaction: FakeTransaction
    amount_minor: int
    status: str = "pending"


@dataclass(slots=True)
class FakeDispute:
    """``resolution`` is the vendor's word once the bank has decided: ``declined`` is for us."""

    number: int
    transaction: FakeTransaction
    amount_minor: int
    fee_minor: int = 0
    resolution: str | None = None
    opened_at: datetime = datetime(2026, 1, 15, 9, 0, tzinfo=UTC)


@dataclass(slots=True)
class FakeBooks:
    """The vendor's side of things; its methods play payer, bank and network.

    ``balance`` is what Paystack owes us per currency, in minor units: compare it with our own books.
    """

    balance: defaultdict[str, int] = field(default_factory=lambda: defaultdict(int, NGN=1_000_000_000))
    transactions: dict[str, FakeTransaction] = field(default_factory=dict)
    accounts: dict[str, FakeAccount] = field(default_factory=dict)
    transfers: dict[str, FakeTransfer] = field(default_factory=dict)
    refunds: list[FakeRefund] = field(default_factory=list)
    disputes: dict[str, FakeDispute] = field(default_factory=dict)
    faults: dict[str, deque[Fault]] = field(default_factory=lambda: defaultdict(deque))
    calls: list[str] = field(default_factory=list)
    numbers: count[int] = field(default_factory=lambda: count(1))

    def fail_next(self, operation: str, *faults: Fault) -> None:
        """Let the next calls of an operation go wrong, one fault each."""
        self.faults[operation].extend(faults)

    def pay(self, reference: str, *, amount_minor: int | None = None) -> None:
        """Play the payer who completes the page, with another amount if told so."""
        paid = self.transactions[reference]
        paid.amount_minor = paid.requested_minor if amount_minor is None else amount_minor
        paid.status = "success"
        self.balance[paid.currency] += paid.amount_minor - paid.fee_minor

    def arrive(self, account_number: str, amount_minor: int) -> str:
        """Play somebody who sends money to a dedicated account; return the vendor's reference of it."""
        number = next(self.numbers)
        arrived = FakeTransaction(
            reference=f"{number}x23b27jlwjhp4zj",
            number=number,
            requested_minor=amount_minor,
            amount_minor=amount_minor,
            currency="NGN",
            payer_email=next(one.email for one in self.accounts.values() if one.number == account_number),
            status="success",
            receiving_account=account_number,
        )
        self.transactions[arrived.reference] = arrived
        self.balance["NGN"] += amount_minor - arrived.fee_minor
        return arrived.reference

    def decline(self, reference: str) -> None:
        """Play the bank that declines the payer's card."""
        self.transactions[reference].status = "failed"

    def reverse_payment(self, reference: str) -> None:
        """Play the refund or chargeback of a successful payment."""
        paid = self.transactions[reference]
        paid.status = "reversed"
        self.balance[paid.currency] -= paid.amount_minor

    def settle(self, reference: str, status: str = "success") -> None:
        """Play the bank that ends a transfer: ``success``, ``failed``, ``reversed`` or another word of the vendor's."""
        transfer = self.transfers[reference]
        transfer.status = status
        if status not in {"success", "pending", "otp", "received"}:
            self.balance[transfer.currency] += transfer.amount_minor + transfer.fee_minor

    def refunds_of(self, reference: str) -> list[FakeRefund]:
        """Return every refund that was ever made under a reference of ours."""
        return [refund for refund in self.refunds if refund.reference == reference]

    def end_refund(self, reference: str, status: str = "processed") -> None:
        """Play the bank that ends the latest refund under a reference: ``processed``, ``failed`` or another word."""
        refund = self.refunds_of(reference)[-1]
        refund.status = status
        if status == "failed":
            self.balance[refund.transaction.currency] += refund.amount_minor

    def contest(self, reference: str, *, amount_minor: int | None = None, fee_minor: int = 0) -> str:
        """Play the payer who contests a payment at the bank; return the vendor's id of the dispute."""
        paid = self.transactions[reference]
        dispute = FakeDispute(
            number=next(self.numbers),
            transaction=paid,
            amount_minor=paid.amount_minor if amount_minor is None else amount_minor,
            fee_minor=fee_minor,
        )
        self.disputes[str(dispute.number)] = dispute
        self.balance[paid.currency] -= dispute.amount_minor + fee_minor
        return str(dispute.number)

    def end_dispute(self, dispute_id: str, resolution: str, *, amount_minor: int | None = None) -> None:
        """Play the bank that decides: ``declined`` for us, ``merchant-accepted`` for the payer, maybe of less."""
        dispute = self.disputes[dispute_id]
        kept = 0 if resolution == "declined" else (amount_minor or dispute.amount_minor)
        self.balance[dispute.transaction.currency] += dispute.amount_minor - kept
        dispute.resolution, dispute.amount_minor = resolution, kept or dispute.amount_minor

    def webhook(self, event: str, reference: str) -> tuple[bytes, dict[str, str]]:
        """Return the raw body and the headers of a signed event about a reference."""
        named = "transaction_reference" if event.startswith("refund.") else "reference"
        data: dict[str, object] = {named: reference, "status": event.partition(".")[2]}
        arrived = self.transactions.get(reference)
        if arrived is not None and arrived.receiving_account is not None:
            data["channel"] = CHANNEL
        if event.startswith("charge.dispute."):
            data["id"] = int(reference)
        raw = json.dumps({"event": event, "data": data}).encode()
        signature = hmac.new(SECRET.encode(), raw, hashlib.sha512).hexdigest()
        return raw, {"x-paystack-signature": signature}

    def begin(self, operation: str) -> Fault | None:
        """Count a call and take the fault that is due for it, if any."""
        self.calls.append(operation)
        return self.faults[operation].popleft() if self.faults[operation] else None


def charge_fee(amount_minor: int) -> int:
    """Return the local collection fee in kobo: 1.5 % and NGN 100 from NGN 2,500 on, at most NGN 2,000 (price list)."""
    flat = 10_000 if amount_minor >= 250_000 else 0  # noqa: PLR2004 - The vendor's price list.
    return min(amount_minor * 15 // 1000 + flat, 200_000)


def transfer_fee(amount_minor: int) -> int:
    """Return the transfer fee in kobo: NGN 10 to 5,000, NGN 25 to 50,000, NGN 50 above (price list)."""
    bands = ((500_000, 1_000), (5_000_000, 2_500))
    return next((fee for limit, fee in bands if amount_minor <= limit), 5_000)
