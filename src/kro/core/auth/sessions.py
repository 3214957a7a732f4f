"""Sessions: opened by a login, carried on by refresh tokens, ended by logout or by the reuse of a spent token."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from kro.core.actor import SYSTEM, Actor, ActorKind, SessionEndedError
from kro.core.auth.refresh import RefreshToken, RefreshTokens
from kro.core.auth.tokens import TokenIssuer
from kro.core.database.pool import Database
from kro.core.decisions import Audit, Decision
from kro.core.decisions.encoding import encode
from kro.core.ids import IdSource

GRACE: Final = timedelta(seconds=10)
"""How long a spent token still yields its own successor: a client that lost the answer asks twice."""

# One statement, one row lock: the presented token is the current one (turn), the one before within the grace (the same
# successor again), or spent (the session ends, for whoever holds the current token may be a thief).
_TURN: Final = """
WITH turned AS (
    UPDATE sessions AS s
    SET refresh_hash = CASE WHEN s.refresh_hash = $3 THEN $4 ELSE s.refresh_hash END,
        previous_hash = CASE WHEN s.refresh_hash = $3 THEN $3 ELSE s.previous_hash END,
        rotated_at = CASE WHEN s.refresh_hash = $3 THEN now() ELSE s.rotated_at END,
        last_used_at = now(),
        expires_at = least(s.created_at + $5::interval, now() + $6::interval),
        revoked_at = CASE WHEN s.refresh_hash = $3 OR (s.refresh_hash = $4 AND s.rotated_at > now() - $7::interval)
                     THEN NULL ELSE now() END,
        revoke_reason = CASE WHEN s.refresh_hash IN ($3, $4) THEN NULL ELSE 'refresh_reused' END
    WHERE s.id = $1 AND s.audience = $2 AND s.revoked_at IS NULL AND s.expires_at > now()
      AND 'active' = coalesce((SELECT u.status FROM users AS u WHERE u.id = s.user_id),
                              (SELECT a.status FROM admins AS a WHERE a.id = s.admin_id))
    RETURNING coalesce(s.user_id, s.admin_id) AS principal_id, s.revoked_at IS NULL AS live
)
SELECT t.principal_id, t.live, CASE WHEN NOT t.live THEN apply_decision($8::text::jsonb)::text END FROM turned AS t"""

_REVOKE: Final = """
WITH ended AS (
    UPDATE sessions SET revoked_at = now(), revoke_reason = $4
    WHERE id = $1 AND audience = $2 AND (user_id = $3 OR admin_id = $3) AND revoked_at IS NULL RETURNING id
)
SELECT apply_decision($5::text::jsonb) FROM ended"""

_REVOKE_OTHERS: Final = """
WITH ended AS (
    UPDATE sessions SET revoked_at = now(), revoke_reason = 'revoked'
    WHERE audience = $1 AND (user_id = $2 OR admin_id = $2) AND id IS DISTINCT FROM $3::uuid AND revoked_at IS NULL
      AND expires_at > now()
    RETURNING id
), written AS (
    SELECT apply_decision($4::text::jsonb) WHERE EXISTS (SELECT FROM ended)
)
SELECT (SELECT count(*) FROM ended) AS ended, (SELECT count(*) FROM written) AS written"""

_LIST: Final = """
SELECT id, ip, user_agent, country, created_at, last_used_at, expires_at FROM sessions
WHERE user_id = $1 AND revoked_at IS NULL AND expires_at > now() ORDER BY last_used_at DESC LIMIT 100"""


@dataclass(frozen=True, slots=True)
class Client:
    """What is known of the device that asks. ``country`` is where its address probably is (ISO 3166-1)."""

    ip: str | None = None
    user_agent: str | None = None
    country: str | None = None
    request_id: str | None = None


@dataclass(frozen=True, slots=True)
class SessionPolicy:
    """``absolute`` ends a session however busy, ``idle`` when it was not refreshed for so long."""

    kind: ActorKind
    absolute: timedelta
    idle: timedelta

    @property
    def first_life(self) -> timedelta:
        return min(self.absolute, self.idle)


@dataclass(frozen=True, slots=True)
class Tokens:
    """What a client keeps after a login or a refresh."""

    access_token: str = field(repr=False)
    refresh_token: str = field(repr=False)
    expires_in_seconds: int


@dataclass(frozen=True, slots=True)
class SessionView:
    id: UUID
    ip: str | None
    user_agent: str | None
    country: str | None
    created_at: datetime
    last_used_at: datetime
    expires_at: datetime


class Sessions:
    """The sessions of one world, users or admins."""

    def __init__(
        self,
        database: Database,
        *,
        policy: SessionPolicy,
        refresh_tokens: RefreshTokens,
        issuer: TokenIssuer,
        ids: IdSource,
    ) -> None:
        self._database = database
        self._refresh_tokens = refresh_tokens
        self._issuer = issuer
        self._ids = ids
        self.policy = policy

    def draw(self) -> RefreshToken:
        """Return the first token of a session to be; the login's own statement stores its digest."""
        return self._refresh_tokens.first(self._ids.new())

    def tokens(self, refresh_token: RefreshToken, *, principal_id: UUID) -> Tokens:
        """Return the pair a client gets for the current refresh token of its session."""
        return Tokens(
            access_token=self._issuer.issue(subject=principal_id, session_id=refresh_token.session_id),
            refresh_token=self._refresh_tokens.show(refresh_token),
            expires_in_seconds=self._issuer.lifetime_seconds,
        )

    async def refresh(self, text: str, *, client: Client) -> tuple[UUID, Tokens]:
        """Spend a refresh token and return whose it was, with a new pair.

        Within ten seconds a spent token gives the same successor again. After that its reuse ends the session.

        :raises InvalidTokenError: when this server never made the token.
        :raises SessionEndedError: when its session is over, or is ended now because the token was spent before.
        """
        token = self._refresh_tokens.read(text)
        successor = self._refresh_tokens.successor(token)
        row = await self._database.row(
            _TURN,
            token.session_id,
            self.policy.kind,
            token.digest,
            successor.digest,
            self.policy.absolute,
            self.policy.idle,
            GRACE,
            self._record("session.refresh_reused", _at(client), token.session_id, result="refused"),
        )
        if row is None or not row["live"]:
            raise SessionEndedError
        return row["principal_id"], self.tokens(successor, principal_id=row["principal_id"])

    async def revoke(self, session_id: UUID, *, actor: Actor, reason: str) -> bool:
        """End one of the actor's own sessions; return whether there was such a live one."""
        record = self._record(f"session.{reason}", actor, session_id)
        row = await self._database.row(_REVOKE, session_id, self.policy.kind, actor.id, reason, record)
        return row is not None

    async def revoke_others(self, actor: Actor) -> int:
        """End all sessions of the actor but the one that asks; return how many there were."""
        record = self._record("session.others_revoked", actor, actor.session_id)
        row = await self._database.row(_REVOKE_OTHERS, self.policy.kind, actor.id, actor.session_id, record)
        return int(row["ended"]) if row is not None else 0

    async def list_live(self, user_id: UUID) -> Sequence[SessionView]:
        return [SessionView(**row) for row in await self._database.rows(_LIST, user_id)]

    def _record(self, action: str, actor: Actor, session_id: UUID | None, *, result: str = "done") -> str:
        audit = Audit(
            id=self._ids.new(),
            actor=actor,
            action=action,
            target_type="session",
            target_id=session_id,
            result=result,
            detail={"audience": self.policy.kind},
        )
        return encode(Decision(audits=(audit,)))


def _at(client: Client) -> Actor:
    return Actor(kind=SYSTEM.kind, id=SYSTEM.id, request_id=client.request_id, ip=client.ip)
