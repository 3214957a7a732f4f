"""What Fincra knows: charges, virtual accounts, collections, payouts and the wallet. Amounts in kobo."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from kro_sandbox.core.tokens import NumericIds


@dataclass(slots=True, kw_only=True)
class OneTimeAccount:
    id: str
    number: str
    bank_name: str
    bank_code: str
    expires_at: datetime
    used: bool = False


@dataclass(slots=True, kw_only=True)
class Charge:
    """A payment under the merchant's reference, hosted (`code` is the page's) or direct."""

    id: int
    reference: str
    code: str | None
    amount: int
    currency: str
    customer: dict[str, Any]
    metadata: dict[str, Any]
    created_at: datetime
    redirect_url: str | None = None
    type: str = "card"
    status: str = "pending"
    received: int | None = None
    fee: int = 0
    vat: int = 0
    message: str = ""
    account: OneTimeAccount | None = None

    @property
    def is_paid(self) -> bool:
        return self.status == "success"


@dataclass(slots=True, kw_only=True)
class Account:
    """A permanent virtual account."""

    id: str
    number: str
    name: str
    merchant_reference: str | None
    created_at: datetime


@dataclass(slots=True, kw_only=True)
class Collection:
    reference: str
    account: Account
    amount: int
    fee: int
    status: str
    payer_name: str
    payer_account: str
    created_at: datetime


@dataclass(slots=True, kw_only=True)
class Payout:
    id: int
    reference: str
    customer_reference: str
    amount: int
    fee: int
    description: str
    beneficiary: dict[str, Any]
    created_at: datetime
    updated_at: datetime
    status: str = "processing"
    reason: str | None = None
    trace_id: str | None = None
    hidden_reads: int = 0
    """How many more reads do not find it: a payout may become visible late."""


@dataclass(slots=True, kw_only=True)
class FincraState:
    ids: NumericIds
    opening: int
    balance: int
    charges: dict[str, Charge] = field(default_factory=dict)
    pages: dict[str, Charge] = field(default_factory=dict)
    accounts: dict[str, Account] = field(default_factory=dict)
    collections: dict[str, Collection] = field(default_factory=dict)
    payouts: dict[str, Payout] = field(default_factory=dict)
