"""Whom a user wants nothing more of."""

from datetime import datetime
from typing import Annotated, cast

from fastapi import Depends, Request, Response
from pydantic import Field

from kro.core.guards import ActiveUser
from kro.core.http import JSONBytes, Output, Page, PageParameters, Position, Router, problems
from kro.core.ids import read_id, show_id
from kro.order.controller.dependencies import CursorsDep
from kro.order.domain.blocks import Blocks
from kro.order.domain.thread_errors import NoCounterpartyError

router = Router(prefix="/me/blocks", tags=["me"])


class BlockRead(Output):
    user_id: str = Field(examples=["usr_01kajz7k3nf9b8r2m4q6s8t0vw"])
    display_name: str
    created_at: datetime


async def _blocks(request: Request) -> Blocks:
    return cast("Blocks", request.app.state.blocks)


BlocksDep = Annotated[Blocks, Depends(_blocks)]


@router.get("", response_model=Page[BlockRead])
async def list_blocks(query: PageParameters, user: ActiveUser, blocks: BlocksDep, cursors: CursorsDep) -> JSONBytes:
    """List whom you have blocked, the latest first."""
    paging = cursors.of(query, {"list": "blocks", "owner": str(user.id)})
    rows = await blocks.list(actor=user, before=paging.before, limit=paging.limit)
    return JSONBytes.of(
        paging.page(
            rows,
            lambda row: BlockRead(
                user_id=show_id("usr", row.user_id), display_name=row.display_name, created_at=row.created_at
            ),
            lambda row: Position(row.created_at, row.user_id),
        )
    )


@router.put("/{user_id}", status_code=204, responses=problems(NoCounterpartyError))
async def block_user(user_id: str, user: ActiveUser, blocks: BlocksDep) -> Response:
    """Block somebody you have an order with: no new orders, no messages once an order has ended. They are not told."""
    await blocks.put(read_id("usr", user_id), actor=user)
    return Response(status_code=204)


@router.delete("/{user_id}", status_code=204, responses=problems(NoCounterpartyError))
async def unblock_user(user_id: str, user: ActiveUser, blocks: BlocksDep) -> Response:
    """Unblock somebody."""
    await blocks.remove(read_id("usr", user_id), actor=user)
    return Response(status_code=204)
