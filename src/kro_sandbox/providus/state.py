"""What the bank knows: lent accounts, money that came in on them, transfers, our balance. Amounts in kobo."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from kro_sandbox.core.tokens import NumericIds
from kro_sandbox.core.webhooks import Delivery, DeliveryState


@dataclass(slots=True, kw_only=True)
class Account:
    """An account as it is lent at present; a number may have been somebody else's before."""

    number: str
    name: str
    bvn: str = ""
    payment_ref: str = ""
    """The merchant's reference; reserved accounts have none."""
    expires_at: datetime | None = None
    """When a dynamic account goes back to the pool; reserved ones never do."""
    is_paid: bool = False
    is_blacklisted: bool = False


class Notice(StrEnum):
    """How far the bank got with telling about an inflow."""

    HELD = "held"
    """Not told: the account is blacklisted, or was for one payment that is over."""
    ON_ITS_WAY = "on_its_way"
    ACKNOWLEDGED = "acknowledged"
    REJECTED = "rejected"
    PENDING = "pending"
    """Given up after the last repeat, until somebody asks to be told again."""
    LOST = "lost"


_NOTICES = {
    DeliveryState.SCHEDULED: Notice.ON_ITS_WAY,
    DeliveryState.DELIVERED: Notice.ACKNOWLEDGED,
    DeliveryState.REFUSED: Notice.REJECTED,
    DeliveryState.FAILED: Notice.PENDING,
    DeliveryState.LOST: Notice.LOST,
}


@dataclass(slots=True, kw_only=True)
class Inflow:
    settlement_id: str
    session_id: str
    account: Account
    amount: int
    fee: int
    payer_name: str
    payer_account: str
    at: datetime
    hidden_reads: int = 0
    """How many more questions do not find it: the bank may tell of money before it can be asked about."""
    deliveries: list[Delivery] = field(default_factory=list)

    @property
    def settled(self) -> int:
        return self.amount - self.fee

    @property
    def notice(self) -> Notice:
        states = [_NOTICES[delivery.state] for delivery in self.deliveries]
        return Notice.ACKNOWLEDGED if self.is_acknowledged else states[-1] if states else Notice.HELD

    @property
    def is_acknowledged(self) -> bool:
        """Whether a notice was accepted, which has the money swept to our account."""
        return any(delivery.state is DeliveryState.DELIVERED for delivery in self.deliveries)


class TransferState(StrEnum):
    PENDING = "pending"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    REVERSED = "reversed"


@dataclass(slots=True, kw_only=True)
class Transfer:
    reference: str
    is_within: bool
    """Within the bank instead of over the interbank switch; each has a status call of its own."""
    amount: int
    account_number: str
    bank_code: str
    narration: str
    session_id: str
    at: datetime
    state: TransferState
    code: str
    hidden_reads: int = 0
    """How many more questions do not find it: a transfer may become visible late."""

    @property
    def is_out(self) -> bool:
        return self.state in (TransferState.PENDING, TransferState.SUCCEEDED)


@dataclass(slots=True, kw_only=True)
class ProvidusState:
    ids: NumericIds
    opening: int
    accounts: dict[str, Account] = field(default_factory=dict)
    inflows: dict[str, Inflow] = field(default_factory=dict)
    transfers: dict[str, Transfer] = field(default_factory=dict)

    @property
    def available(self) -> int:
        """What is on our account: money is swept to it once its notice is acknowledged."""
        swept = sum(inflow.settled for inflow in self.inflows.values() if inflow.is_acknowledged)
        return self.opening + swept - sum(one.amount for one in self.transfers.values() if one.is_out)
