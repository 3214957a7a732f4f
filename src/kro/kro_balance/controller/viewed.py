"""What admins see of a user's money as the user sees it; every look is on record."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query, Response

from kro.core.auth.viewing import PersonNotFoundError
from kro.core.guards.viewing import VIEW_PREFIX, UserViewer, ViewAsUserDep, ViewQuery
from kro.core.http import JSONBytes, Router, problems
from kro.core.ids import read_id
from kro.kro_balance.controller.routes import BalancesDep
from kro.kro_balance.controller.schemas import BalancesRead, balance_read

router = Router(prefix=VIEW_PREFIX, tags=["admin"])


@router.get("/balance", response_model=BalancesRead, responses=problems(PersonNotFoundError))
async def view_balance(
    user_id: str,
    query: Annotated[ViewQuery, Query()],
    admin: UserViewer,
    views: ViewAsUserDep,
    balances: BalancesDep,
) -> Response:
    """Return a user's money, currency by currency, as the user sees it."""
    user = await views.look(read_id("usr", user_id), admin=admin, reason=query.reason, what="balance")
    return JSONBytes.of(BalancesRead(data=[balance_read(view) for view in await balances.balances(user)]))
