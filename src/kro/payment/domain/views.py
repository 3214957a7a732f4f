"""How payments and payouts are shown, by this module's routes and by those of others that start them."""

from datetime import datetime
from typing import Annotated, Self

from pydantic import BaseModel, Field, StringConstraints

from kro.core.decisions import Reply
from kro.core.http import MoneyOut, Output
from kro.core.ids import show_id
from kro.core.money import Money
from kro.payment.database.payout_records import FollowedPayout, PayoutEvent
from kro.payment.database.records import Payment, PaymentMethod, PaymentStatus, Payout, PayoutStatus, PayTo, Variance

ProviderName = Annotated[str, StringConstraints(pattern="^[a-z][a-z0-9_]{1,39}$")]
"""A provider as clients name it: the name that payments show."""


class PayToRead(Output):
    """The account to transfer exactly the amount to, once, before it ends."""

    account_number: str = Field(examples=["9977581536"])
    account_name: str = Field(examples=["KRO DEMO BUYER"])
    bank_name: str = Field(examples=["Providus Bank"])
    expires_at: datetime | None = Field(description="Afterwards the account may be somebody else's.")

    @classmethod
    def of(cls, pay_to: PayTo) -> Self:
        return cls(
            account_number=pay_to.account_number,
            account_name=pay_to.account_name,
            bank_name=pay_to.bank_name,
            expires_at=pay_to.expires_at,
        )


class PaymentRead(Output):
    """Money coming in for an order."""

    id: str = Field(examples=["pay_06b1n2p3q4r5s6t7v8w9x0y1z2"])
    order_id: str | None = Field(examples=["ord_06b1n2p3q4r5s6t7v8w9x0y1z2"])
    provider: str = Field(examples=["paystack"])
    reference: str = Field(description="What the provider knows the payment by.")
    status: PaymentStatus = Field(
        description="`failed` and `abandoned` may still become `succeeded`: the page stays open. More may come."
    )
    amount: MoneyOut
    received_amount: MoneyOut | None
    variance: Variance | None = Field(description="How what was received compares with what was asked for.")
    method: PaymentMethod
    checkout_url: str | None = Field(
        description="Where to pay by `checkout`; appears a moment after the payment was started."
    )
    pay_to: PayToRead | None = Field(
        description="Where to pay by `bank_transfer`; appears a moment after the payment was started."
    )
    created_at: datetime
    settled_at: datetime | None

    @classmethod
    def of(cls, payment: Payment) -> Self:
        received = payment.received_minor
        return cls(
            id=show_id("pay", payment.id),
            order_id=show_id("ord", payment.order_id) if payment.order_id is not None else None,
            provider=payment.provider,
            reference=payment.reference,
            status=payment.status,
            amount=MoneyOut.of(payment.amount),
            received_amount=_money(received, payment.amount.currency) if received is not None else None,
            variance=payment.variance,
            method=payment.method,
            checkout_url=payment.checkout_url,
            pay_to=PayToRead.of(payment.pay_to) if payment.pay_to is not None else None,
            created_at=payment.created_at,
            settled_at=payment.settled_at,
        )


class PayoutAccountRead(Output):
    """The bank account a payout goes to, as it was when the payout was requested."""

    bank_name: str = Field(examples=["Guaranty Trust Bank"])
    account_number: str = Field(examples=["******4567"])
    account_name: str = Field(examples=["DEMO SELLER"])


class PayoutRead(Output):
    """Money going out to a bank account."""

    id: str = Field(examples=["pyt_06b1n2p3q4r5s6t7v8w9x0y1z2"])
    status: PayoutStatus = Field(description="More may come.")
    amount: MoneyOut = Field(description="What the bank account gets.")
    fee: MoneyOut = Field(description="Charged on top of the amount.")
    vat: MoneyOut = Field(description="Contained in the fee.")
    stamp_duty: MoneyOut = Field(description="Charged on top as well, where the law puts it on the sender.")
    total_debit: MoneyOut
    bank_account: PayoutAccountRead
    failure_code: str | None
    created_at: datetime
    settled_at: datetime | None

    @classmethod
    def of(cls, payout: Payout) -> Self:
        currency = payout.amount.currency
        return cls(
            id=show_id("pyt", payout.id),
            status=payout.status,
            amount=MoneyOut.of(payout.amount),
            fee=_money(payout.fee, currency),
            vat=_money(payout.vat, currency),
            stamp_duty=_money(payout.owners_duty, currency),
            total_debit=MoneyOut.of(payout.total_debit),
            bank_account=PayoutAccountRead(
                bank_name=payout.destination.bank_name,
                account_number=payout.destination.masked_number,
                account_name=payout.destination.account_name,
            ),
            failure_code=payout.failure_code,
            created_at=payout.created_at,
            settled_at=payout.settled_at,
        )


class PayoutEventRead(Output):
    """One status a payout had."""

    status: PayoutStatus
    failure_code: str | None
    at: datetime

    @classmethod
    def of(cls, event: PayoutEvent) -> Self:
        return cls(status=event.status, failure_code=event.failure_code, at=event.at)


class FollowedPayoutRead(PayoutRead):
    """Money going out to a bank account, and how far it has come."""

    history: list[PayoutEventRead] = Field(description="Every status it had, the first one first.")

    @classmethod
    def of_followed(cls, followed: FollowedPayout) -> Self:
        return cls(
            **dict(PayoutRead.of(followed.payout)), history=[PayoutEventRead.of(event) for event in followed.history]
        )


def render_payment(payment: Payment, *, status: int = 200) -> Reply:
    return _reply(PaymentRead.of(payment), status)


def render_payout(payout: Payout, *, status: int = 200) -> Reply:
    return _reply(PayoutRead.of(payout), status)


def _money(amount: int, currency: str) -> MoneyOut:
    return MoneyOut.of(Money(amount, currency))


def _reply(model: BaseModel, status: int) -> Reply:
    return Reply(status=status, body=model.__pydantic_serializer__.to_json(model))
