"""What keeps an account from being forgotten."""

from __future__ import annotations

from typing import Annotated

from fastapi import Response

from kro.core.actor import Actor
from kro.core.auth.permissions import Permission
from kro.core.auth.viewing import PersonNotFoundError
from kro.core.guards import admin_with
from kro.core.http import Router, problems
from kro.core.ids import read_id
from kro.management.controller.admin.users import ReasonIn
from kro.management.controller.dependencies import AccountsDep

router = Router(prefix="/admin/users/{user_id}/legal-hold", tags=["admin"])

Holder = Annotated[Actor, admin_with(Permission.HOLDS_PLACE)]


@router.post("", status_code=204, responses=problems(PersonNotFoundError))
async def place_hold(user_id: str, body: ReasonIn, admin: Holder, accounts: AccountsDep) -> Response:
    """Keep everything about a person, also after they close their account, until the hold is lifted."""
    await accounts.closing.hold(read_id("usr", user_id), placed=True, reason=body.reason, actor=admin)
    return Response(status_code=204)


@router.post("/lift", status_code=204, responses=problems(PersonNotFoundError))
async def lift_hold(user_id: str, body: ReasonIn, admin: Holder, accounts: AccountsDep) -> Response:
    """Lift a legal hold; what was due to be released or erased follows by itself."""
    await accounts.closing.hold(read_id("usr", user_id), placed=False, reason=body.reason, actor=admin)
    return Response(status_code=204)
