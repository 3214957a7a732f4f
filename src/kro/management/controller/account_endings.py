"""The end of an account, and what may keep it from being forgotten."""

from __future__ import annotations

from typing import Annotated

from fastapi import Response

from kro.core.actor import Actor
from kro.core.auth.permissions import Permission
from kro.core.auth.viewing import PersonNotFoundError
from kro.core.guards import ActiveUser, admin_with
from kro.core.http import Router, problems
from kro.core.ids import read_id
from kro.core.rate_limit import RateLimitedError
from kro.management.controller.admin_users import ReasonIn
from kro.management.controller.dependencies import AccountsDep
from kro.management.controller.inputs import CloseIn
from kro.management.domain.closing import AccountNotClosableError
from kro.management.domain.passwords import WrongPasswordError

router = Router()

Holder = Annotated[Actor, admin_with(Permission.HOLDS_PLACE)]


@router.post(
    "/me/close",
    status_code=204,
    tags=["me"],
    responses=problems(AccountNotClosableError, WrongPasswordError, RateLimitedError),
)
async def close(body: CloseIn, user: ActiveUser, accounts: AccountsDep) -> Response:
    """Close your account for good. Refused, with the reasons, while money or orders are open."""
    await accounts.closing.close(password=body.password, actor=user)
    return Response(status_code=204)


@router.post(
    "/admin/users/{user_id}/legal-hold", status_code=204, tags=["admin"], responses=problems(PersonNotFoundError)
)
async def place_hold(user_id: str, body: ReasonIn, admin: Holder, accounts: AccountsDep) -> Response:
    """Keep everything about a person, also after they close their account, until the hold is lifted."""
    await accounts.closing.hold(read_id("usr", user_id), placed=True, reason=body.reason, actor=admin)
    return Response(status_code=204)


@router.post(
    "/admin/users/{user_id}/legal-hold/lift", status_code=204, tags=["admin"], responses=problems(PersonNotFoundError)
)
async def lift_hold(user_id: str, body: ReasonIn, admin: Holder, accounts: AccountsDep) -> Response:
    """Lift a legal hold; what was due to be released or erased follows by itself."""
    await accounts.closing.hold(read_id("usr", user_id), placed=False, reason=body.reason, actor=admin)
    return Response(status_code=204)
