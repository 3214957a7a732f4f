"""How refunds are shown, by this module's routes and by the admins' that build on them."""

from datetime import datetime
from typing import Self

from pydantic import Field

from kro.core.decisions import Reply
from kro.core.http import MoneyOut, Output
from kro.core.ids import show_id
from kro.refund.database.records import Refund, RefundDestination, RefundOrigin, RefundStatus


class RefundRead(Output):
    """Money that goes back to its payer."""

    id: str = Field(examples=["rfd_06b1n2p3q4r5s6t7v8w9x0y1z2"])
    order_id: str | None = Field(examples=["ord_06b1n2p3q4r5s6t7v8w9x0y1z2"])
    payment_id: str | None = Field(
        examples=["pay_06b1n2p3q4r5s6t7v8w9x0y1z2"], description="The payment whose source it goes back to."
    )
    amount: MoneyOut
    origin: RefundOrigin = Field(description="Where the money is taken from.")
    destination: RefundDestination
    status: RefundStatus = Field(description="`failed` means that the money is in the KRO Balance. More may come.")
    reason: str = Field(examples=["seller_cancelled"])
    failure_code: str | None
    created_at: datetime
    processed_at: datetime | None

    @classmethod
    def of(cls, refund: Refund) -> Self:
        return cls(
            id=show_id("rfd", refund.id),
            order_id=show_id("ord", refund.order_id) if refund.order_id is not None else None,
            payment_id=show_id("pay", refund.payment_id) if refund.payment_id is not None else None,
            amount=MoneyOut.of(refund.amount),
            origin=refund.origin,
            destination=refund.destination,
            status=refund.status,
            reason=refund.reason,
            failure_code=refund.failure_code,
            created_at=refund.created_at,
            processed_at=refund.processed_at,
        )


def render_refund(refund: Refund, *, status: int = 200) -> Reply:
    return Reply(status=status, body=RefundRead.of(refund).model_dump_json().encode())
