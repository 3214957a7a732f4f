from __future__ import annotations

from typing import Any, Final
from uuid import UUID

from kro.core.actor import Actor, ActorKind
from kro.core.audit import AuditTrail
from kro.core.database.pool import Database
from kro.core.errors import ErrorKind, KroError

# Who was only invited has no account and sees nothing yet.
_KNOWN: Final = "SELECT EXISTS (SELECT FROM users WHERE id = $1 AND status <> 'invited')"


class PersonNotFoundError(KroError):
    """There is no such user."""

    kind = ErrorKind.NOT_FOUND
    code = "user_not_found"


class ViewAsUser:
    """Lets an admin see what a user sees. No token of the user comes into being, and nothing can be changed."""

    def __init__(self, database: Database, *, trail: AuditTrail) -> None:
        self._database = database
        self._trail = trail

    async def look(
        self, user_id: UUID, *, admin: Actor, reason: str, what: str, detail: dict[str, Any] | None = None
    ) -> Actor:
        """Return the user as somebody who may only read, after a trace of the look was left.

        :raises PersonNotFoundError: for nobody's id; the attempt is on record too.
        """
        known = await self._database.value(_KNOWN, user_id)
        await self._trail.note(
            "user.view",
            actor=admin,
            target=("user", user_id),
            reason=reason,
            refused=not known,
            detail={"what": what, **(detail or {})},
        )
        if not known:
            raise PersonNotFoundError
        return Actor(kind=ActorKind.USER, id=user_id, request_id=admin.request_id, ip=admin.ip, viewed_by=admin.id)
