"""A user's own profile, and finding the other party."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Query

from kro.core.errors import ValidationFailedError
from kro.core.guards import ActiveUser, CurrentUser
from kro.core.http import JSONBytes, Router, problems
from kro.core.ids import show_id
from kro.core.phone import InvalidPhoneError
from kro.core.rate_limit import RateLimitedError
from kro.management.controller.dependencies import AccountsDep
from kro.management.controller.inputs import ProfileIn
from kro.management.controller.views import MatchRead, UserRead
from kro.management.domain.errors import EmailProvenError, NamesVerifiedError, UserNotFoundError

router = Router(tags=["me"])


@router.get("/me", response_model=UserRead)
async def read_profile(user: CurrentUser, accounts: AccountsDep) -> JSONBytes:
    """Return your own profile."""
    return JSONBytes.of(UserRead.of(await accounts.profiles.read(user)))


@router.patch(
    "/me", response_model=UserRead, responses=problems(ValidationFailedError, EmailProvenError, NamesVerifiedError)
)
async def change_profile(body: ProfileIn, user: ActiveUser, accounts: AccountsDep) -> JSONBytes:
    """Change your names, or an e-mail address that is not proven yet."""
    return JSONBytes.of(UserRead.of(await accounts.profiles.change(_changes(body), actor=user)))


@router.get(
    "/users/lookup",
    response_model=MatchRead,
    responses=problems(InvalidPhoneError, UserNotFoundError, RateLimitedError),
)
async def look_up(
    phone: Annotated[str, Query(min_length=5, max_length=40, examples=["08031234567"])],
    user: ActiveUser,
    accounts: AccountsDep,
) -> JSONBytes:
    """Find the person to trade with by phone number."""
    found = await accounts.profiles.look_up(phone, actor=user)
    return JSONBytes.of(MatchRead(id=show_id("usr", found.id), display_name=found.display_name))


def _changes(body: ProfileIn) -> dict[str, Any]:
    """Return the fields that were sent; a name can be changed, not removed."""
    changes = body.model_dump(include=body.model_fields_set)
    for name in ("first_name", "last_name"):
        if name in changes and changes[name] is None:
            raise ValidationFailedError(f"/{name}", "required", "A name cannot be removed.")
    return changes
