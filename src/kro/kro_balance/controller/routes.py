from typing import Annotated, cast
from uuid import UUID

from fastapi import Depends, Query, Request, Response

from kro.core.guards import CurrentUser
from kro.core.http import CursorSigner, JSONBytes, Page, Position, Router, problems
from kro.core.reading import from_replica
from kro.kro_balance.controller.schemas import (
    BalancesRead,
    EntryQuery,
    EntryRead,
    QuoteIn,
    QuoteRead,
    balance_read,
    entry_read,
    quote_read,
)
from kro.kro_balance.database.statement_records import LinePosition
from kro.kro_balance.domain import (
    AmountTooSmallError,
    BalanceReads,
    NoFeeConfiguredError,
    NoTaxRuleError,
    PromoCodeInvalidError,
    QuoteRequest,
    QuoteService,
)

router = Router()


async def _quotes(request: Request) -> QuoteService:
    return cast("QuoteService", request.app.state.fees)


async def _balances(request: Request) -> BalanceReads:
    return cast("BalanceReads", request.app.state.balances)


async def _cursors(request: Request) -> CursorSigner:
    return cast("CursorSigner", request.app.state.cursors)


QuotesDep = Annotated[QuoteService, Depends(_quotes)]
BalancesDep = Annotated[BalanceReads, Depends(_balances)]
CursorsDep = Annotated[CursorSigner, Depends(_cursors)]


@router.post(
    "/fees/quote",
    status_code=201,
    response_model=QuoteRead,
    tags=["fees"],
    responses=problems(NoFeeConfiguredError, NoTaxRuleError, PromoCodeInvalidError, AmountTooSmallError),
)
async def quote_fees(body: QuoteIn, user: CurrentUser, quotes: QuotesDep) -> Response:
    """Promise the exact price of an escrow for a while; an order is created with it."""
    request = QuoteRequest(
        amount=body.amount.to_money(),
        order_type=body.order_type,
        buyer_share_bps=body.buyer_share_bps,
        promo_code=body.promo_code,
    )
    return JSONBytes.of(quote_read(await quotes.create(request, actor=user)), status=201)


@router.get("/balance", response_model=BalancesRead, tags=["balance"])
async def get_balance(user: CurrentUser, balances: BalancesDep) -> Response:
    """Return the caller's money, currency by currency."""
    views = await balances.balances(user)
    return JSONBytes.of(BalancesRead(data=[balance_read(view) for view in views]))


@router.get("/balance/entries", response_model=Page[EntryRead], tags=["balance"])
@from_replica
async def list_entries(
    query: Annotated[EntryQuery, Query()], user: CurrentUser, balances: BalancesDep, cursors: CursorsDep
) -> Response:
    """List what moved the caller's balance in one currency, newest first, with the balance after each movement."""
    paging = cursors.of(query, {"list": "entries", "owner": str(user.id), **query.filters()})
    position = paging.before
    rows = await balances.entries(
        user,
        currency=query.currency,
        days=query.days,
        kind=query.kind,
        before=LinePosition(position.created_at, position.id.int) if position else None,
        limit=paging.limit,
    )
    # Entries are numbered, so the number takes the place of an id in the position.
    return JSONBytes.of(paging.page(rows, entry_read, lambda row: Position(row.at, UUID(int=row.id))))
