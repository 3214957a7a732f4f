"""What a payment provider can answer: closed sets of values, so that every caller has to say what it does with each.

Two rules keep money safe. Only a documented refusal is ``FailedDefinitively``; whatever is not understood (an unknown
code, odd JSON, HTML, 5xx, a time-out after sending) is ``Unknown`` and has to be asked again by reference. And
``NotSent`` is said only when the provider cannot have taken the instruction.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Generic, TypeVar

from kro.core.money import Money


@dataclass(frozen=True, slots=True)
class Payer:
    """Who paid, as far as the provider tells. Personal data: kept out of representations, logs and errors."""

    email: str | None = field(default=None, repr=False)
    name: str | None = field(default=None, repr=False)
    bank_name: str | None = field(default=None, repr=False)
    account_number: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class CollectionFacts:
    """A payment coming in, in the units of ``kro.core.money`` whatever the provider counts in.

    ``amount_minor`` is what the payer was charged, ``requested_minor`` what was asked for. ``provider_reference`` is
    the provider's own transaction id: the key of "one credit per provider transaction". ``receiving_account`` is the
    number of the virtual account it arrived on, where there was one.
    """

    reference: str
    provider_reference: str
    amount_minor: int
    currency: str
    requested_minor: int | None = None
    fees_minor: int | None = None
    channel: str | None = None
    paid_at: datetime | None = None
    payer: Payer = field(default_factory=Payer)
    receiving_account: str | None = None


@dataclass(frozen=True, slots=True)
class TransferFacts:
    """A transfer going out to a bank account, in the units of ``kro.core.money``.

    ``session_id`` is the interbank session (NIP) a bank asks for when it traces a credit; ``updated_at`` is when the
    provider last changed the transfer.
    """

    reference: str
    provider_reference: str
    amount_minor: int
    currency: str
    fees_minor: int | None = None
    session_id: str | None = None
    updated_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class RefundFacts:
    """Money going back to where a payment came from, in the units of ``kro.core.money``.

    ``provider_reference`` is the provider's own id of the refund; ``updated_at`` is when it last changed it.
    """

    provider_reference: str
    amount_minor: int
    currency: str
    updated_at: datetime | None = None


FactsT = TypeVar("FactsT")


@dataclass(frozen=True, slots=True)
class Succeeded(Generic[FactsT]):
    """The provider says it is done."""

    facts: FactsT


@dataclass(frozen=True, slots=True)
class Pending(Generic[FactsT]):
    """The provider knows it and it is not final; ``code`` is the provider's status word."""

    code: str
    facts: FactsT | None = None


@dataclass(frozen=True, slots=True)
class FailedDefinitively(Generic[FactsT]):
    """A documented refusal or a final failure: no money moved and none will under this reference.

    ``code`` is a stable word of ours or the provider's status; ``reason`` is the provider's sentence, for operators.
    """

    code: str
    reason: str = ""
    facts: FactsT | None = None


@dataclass(frozen=True, slots=True)
class Reversed(Generic[FactsT]):
    """The money went back: a collection was refunded or charged back, a transfer returned to the balance."""

    facts: FactsT


@dataclass(frozen=True, slots=True)
class NotFound:
    """The provider answered that it has nothing under this reference; it did not say that anything failed."""


@dataclass(frozen=True, slots=True)
class NotSent:
    """The provider has not taken the instruction, so the same reference may be sent again later."""

    cause: str
    retry_after_seconds: int | None = None


@dataclass(frozen=True, slots=True)
class Unknown:
    """The outcome is not known: ask again by the same reference, never fail it, never use a new one."""

    cause: str


@dataclass(frozen=True, slots=True)
class CheckoutStarted:
    """A hosted payment page the payer can be sent to. The URL lets its bearer pay, nothing more."""

    url: str = field(repr=False)
    provider_reference: str


CheckoutResult = CheckoutStarted | FailedDefinitively[CollectionFacts] | NotSent | Unknown
CollectionResult = (
    Succeeded[CollectionFacts]
    | Pending[CollectionFacts]
    | FailedDefinitively[CollectionFacts]
    | Reversed[CollectionFacts]
    | NotFound
    | Unknown
)
TransferStatusResult = (
    Succeeded[TransferFacts]
    | Pending[TransferFacts]
    | FailedDefinitively[TransferFacts]
    | Reversed[TransferFacts]
    | NotFound
    | Unknown
)
TransferSendResult = (
    Succeeded[TransferFacts]
    | Pending[TransferFacts]
    | FailedDefinitively[TransferFacts]
    | Reversed[TransferFacts]
    | NotSent
    | Unknown
)

RefundStatusResult = (
    Succeeded[RefundFacts] | Pending[RefundFacts] | FailedDefinitively[RefundFacts] | NotFound | Unknown
)
RefundSendResult = Succeeded[RefundFacts] | Pending[RefundFacts] | FailedDefinitively[RefundFacts] | NotSent | Unknown


@dataclass(frozen=True, slots=True)
class RefundInstruction:
    """What to give back, and how to tell it from other refunds of the same payment.

    ``reference`` is ours and stays the same for every try. ``transaction`` is the provider's own id of the payment.
    ``failed`` are the provider's ids of earlier tries that it has ended without paying: they never answer for this one.
    """

    reference: str
    transaction: str
    amount: Money
    failed: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Bank:
    """A bank that can receive transfers. ``code`` is text: leading zeros matter."""

    code: str
    name: str
    slug: str


@dataclass(frozen=True, slots=True)
class BankAccount:
    """Where a transfer goes; the name is the one the bank confirmed."""

    account_number: str = field(repr=False)
    bank_code: str
    account_name: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class ResolvedAccount:
    """The bank confirmed the account and says whose it is."""

    account_number: str = field(repr=False)
    bank_code: str
    account_name: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class NotResolved:
    """The provider answered that there is no such account, or that it could not tell."""

    code: str


class WebhookSubject(StrEnum):
    """What a webhook is about, and therefore what to ask the provider for."""

    COLLECTION = "collection"
    TRANSFER = "transfer"
    REFUND = "refund"
    DISPUTE = "dispute"
    INFLOW = "inflow"
    """Money on a virtual account, to be asked for by the provider's own id of it."""
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class VerifiedWebhook:
    """An authentic event. It says only what to ask about; its figures are never acted upon."""

    event_type: str
    dedupe_key: str
    reference: str | None
    subject: WebhookSubject
