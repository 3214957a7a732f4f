"""What is told about money over the sockets: hints, by which an open app knows what to read again."""

from typing import Final, Literal

from pydantic import ConfigDict, Field

from kro.core.http import Output
from kro.core.realtime.contract import LiveEvent
from kro.payment.domain import AccountStatus, PaymentStatus, PayoutStatus


class _Hint(Output):
    model_config = ConfigDict(extra="forbid")


class PaymentHint(_Hint):
    id: str = Field(examples=["pay_01kajz7k3nf9b8r2m4q6s8t0vw"])
    status: PaymentStatus


class PayoutHint(_Hint):
    id: str = Field(examples=["pyt_01kajz7k3nf9b8r2m4q6s8t0vw"])
    status: PayoutStatus


class AccountHint(_Hint):
    id: str = Field(examples=["vac_01kajz7k3nf9b8r2m4q6s8t0vw"])
    status: AccountStatus


class BalanceHint(_Hint):
    id: str = Field(description="Whose balance: your own.", examples=["usr_01kajz7k3nf9b8r2m4q6s8t0vw"])
    status: Literal["changed"]


EVENTS: Final = (
    LiveEvent("payment.updated", PaymentHint, "A payment of yours got further."),
    LiveEvent("payout.updated", PayoutHint, "A payout of yours got further."),
    LiveEvent("account.updated", AccountHint, "An account to pay into was opened for you, or could not be."),
    LiveEvent("balance.updated", BalanceHint, "Your balance changed."),
)
