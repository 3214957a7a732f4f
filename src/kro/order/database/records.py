"""An order as it was loaded: frozen, with everything its decisions need."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from kro.core.actor import Standing
from kro.core.money import Money
from kro.kro_balance.domain import Fees, Quote
from kro.order.database.issue_records import Hold, Issue, Offer
from kro.order.database.words import (
    AmendmentStatus,
    CloseReason,
    ConditionKind,
    ConditionStatus,
    ConfirmedBy,
    FundingStatus,
    OrderStatus,
    OrderType,
    Party,
    UploadStatus,
)


@dataclass(frozen=True, slots=True)
class Order:
    """The row of ``orders``, column by column; amounts in minor units of ``currency``."""

    id: UUID
    buyer_id: UUID
    seller_id: UUID
    proposed_by: Party
    order_type: OrderType
    title: str
    description: str
    currency: str
    amount: int
    buyer_share_bps: int
    fee_buyer: int
    fee_seller: int
    vat_buyer: int
    vat_seller: int
    fee_basis: dict[str, Any]
    terms_version: int
    terms_hash: str
    accepted_hash: str | None
    delivery_hours: int
    inspection_hours: int
    revisions: int
    status: OrderStatus
    funding_status: FundingStatus
    close_reason: CloseReason | None
    on_hold: bool
    funded_amount: int
    released_amount: int
    refunded_amount: int
    accept_by: datetime | None
    fund_by: datetime | None
    deliver_by: datetime | None
    inspect_by: datetime | None
    inspection_added_hours: int
    buyer_extended: bool
    revisions_used: int
    released_in_parts: int
    code_is_acceptance: bool
    compliance_hold: bool
    held_since: datetime | None
    completed_at: datetime | None
    receipt_extensions: int
    overdue_reminders: int
    last_seq: int
    version: int
    created_at: datetime
    updated_at: datetime
    ended_at: datetime | None

    @property
    def fees(self) -> Fees:
        return Fees(
            currency=self.currency,
            amount=self.amount,
            buyer_share_bps=self.buyer_share_bps,
            fee_buyer=self.fee_buyer,
            fee_seller=self.fee_seller,
            vat_buyer=self.vat_buyer,
            vat_seller=self.vat_seller,
        )

    @property
    def outstanding(self) -> Fees:
        """The price and the fees without what was released in parts."""
        return self.fees.between(self.released_in_parts, self.amount)

    @property
    def held(self) -> int:
        return self.funded_amount - self.released_amount - self.refunded_amount

    @property
    def given_back(self) -> OrderStatus:
        """How the order ends when all it holds goes back to the buyer: closed, if the seller already got a part."""
        return OrderStatus.CLOSED if self.released_in_parts else OrderStatus.REFUNDED

    def party_of(self, user_id: UUID) -> Party:
        return Party.BUYER if user_id == self.buyer_id else Party.SELLER

    def user_of(self, party: Party) -> UUID:
        return self.buyer_id if party is Party.BUYER else self.seller_id


@dataclass(frozen=True, slots=True)
class Condition:
    """The row of ``conditions``, column by column."""

    id: UUID
    order_id: UUID
    position: int
    kind: ConditionKind
    title: str
    description: str
    confirmed_by: ConfirmedBy
    required: bool
    evidence_required: bool
    deemed_on_timeout: bool
    template_code: str | None
    status: ConditionStatus
    note: str | None
    evidence_ids: tuple[UUID, ...]
    submitted_at: datetime | None
    settled_at: datetime | None
    settled_by: Party | None
    rejection_reason: str | None
    amount: int | None
    not_before: datetime | None
    inspect_by: datetime | None
    code_hash: str | None
    code_tries: int
    version: int

    @property
    def is_sellers(self) -> bool:
        """Whether the seller has something to hand in before the order can be completed."""
        if self.kind is ConditionKind.DATE:
            return False
        return (
            self.evidence_required or self.kind is ConditionKind.DOCUMENT or self.confirmed_by is not ConfirmedBy.BUYER
        )


@dataclass(frozen=True, slots=True)
class Amendment:
    """The row of ``amendments``: terms that are to change while the seller works, on the table until it is answered.

    ``price`` holds the columns of the order that a quote changes, ``added`` conditions that are not there yet,
    ``removed`` ids of those that go. ``hash`` is of the terms as they would be.
    """

    id: UUID
    order_id: UUID
    proposed_by: Party
    base_version: int
    hash: str
    price: dict[str, Any] | None
    delivery_hours: int | None
    inspection_hours: int | None
    added: tuple[Condition, ...]
    removed: tuple[UUID, ...]
    status: AmendmentStatus
    created_at: datetime
    expires_at: datetime
    settled_at: datetime | None
    version: int


@dataclass(frozen=True, slots=True)
class OrderState:
    """What one load query brought. ``viewer`` is the party that asks, ``SYSTEM`` for the worker.

    ``buyer_available`` is the buyer's spendable balance in the order's currency, ``seller_owes`` what the seller owes
    the platform in it; ``open_payments`` counts payments whose outcome is not known; ``evidence_ids`` are all pieces of
    evidence of the order. ``issue`` is the disagreement that is not over, ``offers`` what is on the table,
    ``amendment`` the change of terms that waits for an answer. ``hold`` is what compliance holds the order for; only
    loads for admins bring it.
    ``is_frozen`` says that the account of one of the parties is frozen: until it is not, no money of the order moves.
    ``reached_channels`` counts the channels on which the buyer was reminded of the inspection's end with a receipt;
    ``is_contested`` says that a bank asks a payment of it back. ``condition_channels`` counts, by the position of a
    handed-in condition, the channels on which the buyer was reminded of its own inspection. Only loads for the system
    bring these three.
    """

    order: Order
    conditions: tuple[Condition, ...]
    viewer: Party
    buyer_name: str
    seller_name: str
    seller_tier: int = 0
    buyer_tier: int = 0
    buyer_email: str | None = None
    buyer_available: int = 0
    seller_owes: int = 0
    open_payments: int = 0
    evidence_ids: tuple[UUID, ...] = ()
    standing: Standing | None = None
    issue: Issue | None = None
    offers: tuple[Offer, ...] = ()
    hold: Hold | None = None
    amendment: Amendment | None = None
    is_frozen: bool = False
    reached_channels: int = 0
    is_contested: bool = False
    condition_channels: Mapping[int, int] = field(default_factory=dict)

    @property
    def is_held(self) -> bool:
        return self.order.on_hold or self.is_frozen


@dataclass(frozen=True, slots=True)
class NewCondition:
    """A condition as proposed, from a template or written for this order; one with an amount is a milestone."""

    kind: ConditionKind
    title: str
    description: str
    confirmed_by: ConfirmedBy
    required: bool = True
    evidence_required: bool = False
    deemed_on_timeout: bool = True
    template_code: str | None = None
    amount: Money | None = None
    not_before: datetime | None = None


@dataclass(frozen=True, slots=True)
class Person:
    id: UUID
    name: str
    status: str
    kyc_tier: int


@dataclass(frozen=True, slots=True)
class InviteLink:
    """A link for somebody without an account; the token is in ``sealed`` and nowhere else."""

    id: UUID
    digest: bytes
    sealed: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Template:
    code: str
    conditions: tuple[NewCondition, ...]


@dataclass(frozen=True, slots=True)
class TermsState:
    """What writing terms anew needs to know beside the order: the quoted price and the template, if found."""

    state: OrderState
    standing: Standing
    quote: Quote | None
    template: Template | None


@dataclass(frozen=True, slots=True)
class CreationState:
    """What creating an order needs to know: both people, the quoted price and the template, if found."""

    standing: Standing
    proposer: Person
    counterparty: Person | None
    quote: Quote | None
    template: Template | None
    is_blocked: bool = False


@dataclass(frozen=True, slots=True)
class Evidence:
    """The row of ``evidence``: a file that a party handed in; ``sha256`` is hex."""

    id: UUID
    order_id: UUID
    uploaded_by: UUID
    file_name: str
    content_type: str
    size_bytes: int
    sha256: str
    storage_key: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class EvidenceUpload:
    """The row of ``evidence_uploads``: a file on its way into evidence.

    The client puts it at ``upload_key`` (``None``: it came in the request itself); what was checked is kept at
    ``storage_key``, which no client is ever told. ``slot`` is held while it may still be completed.
    """

    id: UUID
    order_id: UUID
    uploaded_by: UUID
    file_name: str
    content_type: str
    size_bytes: int
    upload_key: str | None
    storage_key: str
    status: UploadStatus
    slot: int | None
    evidence_id: UUID | None
    expires_at: datetime
    cleaned_at: datetime | None
    created_at: datetime
    version: int


@dataclass(frozen=True, slots=True)
class HeldSlot:
    """One of a user's places for uploads, and which upload holds it until when."""

    slot: int
    upload_id: UUID
    version: int
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class UploadingState:
    """An order with what a step of an upload needs: the upload, the evidence it became, and the uploader's slots."""

    order: OrderState
    upload: EvidenceUpload | None = None
    evidence: Evidence | None = None
    slots: tuple[HeldSlot, ...] = ()
