"""What admins may see of a payment beyond its figures."""

from __future__ import annotations

from typing import Annotated, Self

from fastapi import Response

from kro.core.actor import Actor
from kro.core.auth.permissions import Permission
from kro.core.guards import admin_with
from kro.core.http import JSONBytes, Output, Router, problems
from kro.core.ids import read_id
from kro.management.controller.dependencies import PayerReadsDep
from kro.payment.domain import Payer, PayerNotFoundError

router = Router(prefix="/admin/payments", tags=["admin"])

PayerReader = Annotated[Actor, admin_with(Permission.PAYERS_READ)]


class PayerRead(Output):
    """Who paid, as far as the provider told: where a refund to its source goes."""

    name: str | None
    email: str | None
    bank_name: str | None
    account_number: str | None

    @classmethod
    def of(cls, payer: Payer) -> Self:
        return cls(name=payer.name, email=payer.email, bank_name=payer.bank_name, account_number=payer.account_number)


@router.get("/{payment_id}/payer", response_model=PayerRead, responses=problems(PayerNotFoundError))
async def get_payer(payment_id: str, admin: PayerReader, payers: PayerReadsDep) -> Response:
    """Show who paid. The look is on record."""
    return JSONBytes.of(PayerRead.of(await payers.get(read_id("pay", payment_id), actor=admin)))
