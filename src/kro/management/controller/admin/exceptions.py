"""What admins see of contested payments, of what users owe, and of money that matches nobody."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Self

from fastapi import Query
from pydantic import Field

from kro.core.actor import Actor
from kro.core.auth.permissions import Permission
from kro.core.guards import admin_with
from kro.core.http import JSONBytes, MoneyOut, Output, Page, PageQuery, Position, Router, problems
from kro.core.ids import read_id, show_id
from kro.core.money import Money
from kro.core.reading import from_replica
from kro.management.controller.dependencies import ChargebacksDep, CursorsDep, DebtsDep, SuspenseDep
from kro.payment.domain import SuspenseItem, SuspenseItemNotFoundError, SuspenseReason, SuspenseStatus
from kro.refund.domain import Chargeback, ChargebackNotFoundError, ChargebackStatus, Debtor

router = Router(prefix="/admin", tags=["admin"])

ExceptionReader = Annotated[Actor, admin_with(Permission.EXCEPTIONS_READ, trace="exception.read")]


class ChargebackQuery(PageQuery):
    status: ChargebackStatus | None = None


class SuspenseQuery(PageQuery):
    status: SuspenseStatus | None = None


class ChargebackRead(Output):
    """A payment contested at the payer's bank, and who bears it."""

    id: str = Field(examples=["cbk_01kajz7k3nf9b8r2m4q6s8t0vw"])
    status: ChargebackStatus
    provider: str
    provider_reference: str = Field(description="The provider's id of the dispute.")
    payment_id: str
    order_id: str | None
    payer_id: str
    seller_id: str | None
    amount: MoneyOut
    from_escrow: MoneyOut = Field(description="What the order still held.")
    from_payer: MoneyOut
    from_seller: MoneyOut
    payer_owed: MoneyOut = Field(description="What the payer's balance did not cover at first.")
    seller_owed: MoneyOut
    returned: MoneyOut
    fee: MoneyOut = Field(description="What the provider takes for the dispute.")
    category: str | None
    due_at: datetime | None = Field(description="Until when the bank wants an answer.")
    created_at: datetime
    resolved_at: datetime | None

    @classmethod
    def of(cls, chargeback: Chargeback) -> Self:
        def money(amount: int) -> MoneyOut:
            return MoneyOut.of(Money(amount, chargeback.currency))

        return cls(
            id=show_id("cbk", chargeback.id),
            status=chargeback.status,
            provider=chargeback.provider,
            provider_reference=chargeback.provider_reference,
            payment_id=show_id("pay", chargeback.payment_id),
            order_id=show_id("ord", chargeback.order_id) if chargeback.order_id else None,
            payer_id=show_id("usr", chargeback.payer_id),
            seller_id=show_id("usr", chargeback.seller_id) if chargeback.seller_id else None,
            amount=money(chargeback.amount),
            from_escrow=money(chargeback.from_escrow),
            from_payer=money(chargeback.from_payer),
            from_seller=money(chargeback.from_seller),
            payer_owed=money(chargeback.payer_owed),
            seller_owed=money(chargeback.seller_owed),
            returned=money(chargeback.returned),
            fee=money(chargeback.fee),
            category=chargeback.category,
            due_at=chargeback.due_at,
            created_at=chargeback.created_at,
            resolved_at=chargeback.resolved_at,
        )


class DebtorRead(Output):
    """Somebody who owes the platform money."""

    user_id: str = Field(examples=["usr_01kajz7k3nf9b8r2m4q6s8t0vw"])
    name: str
    owed: MoneyOut
    available: MoneyOut
    since: datetime

    @classmethod
    def of(cls, debtor: Debtor) -> Self:
        return cls(
            user_id=show_id("usr", debtor.user_id),
            name=debtor.name,
            owed=MoneyOut.of(Money(debtor.owed, debtor.currency)),
            available=MoneyOut.of(Money(debtor.available, debtor.currency)),
            since=debtor.since,
        )


class SuspenseItemRead(Output):
    """Money a provider received that matches nobody."""

    id: str = Field(examples=["sus_01kajz7k3nf9b8r2m4q6s8t0vw"])
    status: SuspenseStatus
    reason: SuspenseReason
    provider: str
    provider_reference: str
    reference: str = Field(description="The reference it was paid under.")
    payment_id: str | None
    amount: MoneyOut
    user_id: str | None = Field(description="Who got it, once somebody did.")
    occurred_at: datetime
    created_at: datetime
    resolved_at: datetime | None

    @classmethod
    def of(cls, item: SuspenseItem) -> Self:
        return cls(
            id=show_id("sus", item.id),
            status=item.status,
            reason=item.reason,
            provider=item.provider,
            provider_reference=item.provider_reference,
            reference=item.reference,
            payment_id=show_id("pay", item.payment_id) if item.payment_id else None,
            amount=MoneyOut.of(item.amount),
            user_id=show_id("usr", item.user_id) if item.user_id else None,
            occurred_at=item.occurred_at,
            created_at=item.created_at,
            resolved_at=item.resolved_at,
        )


@router.get("/chargebacks", response_model=Page[ChargebackRead])
@from_replica
async def list_chargebacks(
    query: Annotated[ChargebackQuery, Query()],
    admin: ExceptionReader,  # noqa: ARG001 - the guard
    chargebacks: ChargebacksDep,
    cursors: CursorsDep,
) -> JSONBytes:
    """List contested payments, newest first."""
    paging = cursors.of(query, {"list": "admin_chargebacks", "status": query.status})
    before = paging.before
    found = await chargebacks.list(status=query.status, before=before, limit=paging.limit)
    return JSONBytes.of(paging.page(found, ChargebackRead.of, lambda row: Position(row.created_at, row.id)))


@router.get("/chargebacks/{chargeback_id}", response_model=ChargebackRead, responses=problems(ChargebackNotFoundError))
async def get_chargeback(
    chargeback_id: str,
    admin: ExceptionReader,  # noqa: ARG001 - the guard
    chargebacks: ChargebacksDep,
) -> JSONBytes:
    """Return one contested payment."""
    return JSONBytes.of(ChargebackRead.of(await chargebacks.get(read_id("cbk", chargeback_id))))


@router.get("/debts", response_model=Page[DebtorRead])
@from_replica
async def list_debts(
    query: Annotated[PageQuery, Query()],
    admin: ExceptionReader,  # noqa: ARG001 - the guard
    debts: DebtsDep,
    cursors: CursorsDep,
) -> JSONBytes:
    """List who owes the platform money, the newest debt first."""
    paging = cursors.of(query, {"list": "admin_debts"})
    found = await debts.list(before=paging.before, limit=paging.limit)
    return JSONBytes.of(paging.page(found, DebtorRead.of, lambda row: Position(row.since, row.id)))


@router.get("/suspense", response_model=Page[SuspenseItemRead])
@from_replica
async def list_suspense(
    query: Annotated[SuspenseQuery, Query()],
    admin: ExceptionReader,  # noqa: ARG001 - the guard
    suspense: SuspenseDep,
    cursors: CursorsDep,
) -> JSONBytes:
    """List money that matches nobody, newest first."""
    paging = cursors.of(query, {"list": "admin_suspense", "status": query.status})
    before = paging.before
    found = await suspense.list(status=query.status, before=before, limit=paging.limit)
    return JSONBytes.of(paging.page(found, SuspenseItemRead.of, lambda row: Position(row.created_at, row.id)))


@router.get("/suspense/{item_id}", response_model=SuspenseItemRead, responses=problems(SuspenseItemNotFoundError))
async def get_suspense_item(
    item_id: str,
    admin: ExceptionReader,  # noqa: ARG001 - the guard
    suspense: SuspenseDep,
) -> JSONBytes:
    """Return one item."""
    return JSONBytes.of(SuspenseItemRead.of(await suspense.get(read_id("sus", item_id))))
