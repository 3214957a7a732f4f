"""Who may connect: the same tokens and the same standing as over HTTP, asked of the database each time."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import UTC, datetime
from typing import Final
from uuid import UUID

from kro.core.actor import ActorKind
from kro.core.auth.standing import ADMIN_STANDING, USER_STANDING, read_standing
from kro.core.auth.tokens import TokenVerifier
from kro.core.database.pool import Database
from kro.core.realtime.sessions import Client

_STANDING: Final = {ActorKind.USER: f"SELECT {USER_STANDING}", ActorKind.ADMIN: f"SELECT {ADMIN_STANDING}"}
_ENDED: Final = """
SELECT asked.id FROM unnest($1::uuid[]) AS asked (id)
WHERE NOT EXISTS (
    SELECT FROM sessions AS s LEFT JOIN users AS u ON u.id = s.user_id LEFT JOIN admins AS a ON a.id = s.admin_id
    WHERE s.id = asked.id AND s.revoked_at IS NULL AND s.expires_at > now() AND 'active' IN (u.status, a.status))"""


class SocketAccess:
    """Lets in who has a token of one world, a living session and an active account."""

    def __init__(self, database: Database, tokens: TokenVerifier) -> None:
        self._database = database
        self._tokens = tokens

    async def authenticate(self, token: str) -> Client:
        """Return whose token it is, with an admin's permissions of this moment.

        :raises InvalidTokenError: when the token is none of this world.
        :raises SessionEndedError: when its session was revoked or has run out.
        :raises AccountNotActiveError: when the account is suspended, pending or closed.
        """
        claims = self._tokens.verify(token)
        row = await self._database.row(_STANDING[claims.kind], claims.subject, claims.session_id)
        standing = read_standing(row or {"standing": None})
        standing.ensure_active()
        return Client(
            kind=claims.kind,
            id=claims.subject,
            session_id=claims.session_id,
            expires_at=datetime.fromtimestamp(claims.expires_at, UTC),
            permissions=standing.permissions,
        )


async def ended_among(database: Database, session_ids: Sequence[UUID]) -> Collection[UUID]:
    """Return which of some sessions are over: revoked, run out, or their owner not active."""
    return {row["id"] for row in await database.rows(_ENDED, list(session_ids))}
