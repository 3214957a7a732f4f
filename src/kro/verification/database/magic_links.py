"""Links that were sent to people: looked up by the hash of their token, and on record whoever asked for them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final
from uuid import UUID

from kro.core.auth.sessions import Client
from kro.core.database.pool import Database
from kro.verification.database.alike import alike

_FIND: Final = """
SELECT m.id, u.phone FROM magic_link_logs AS m JOIN users AS u ON u.id = m.user_id
WHERE m.token_hash = $1 AND m.purpose = $2 AND m.used_at IS NULL AND m.expires_at > now()
  AND u.phone IS NOT NULL"""

# Two who claim at the same moment: one of them finds the link used.
_SPEND: Final = "UPDATE magic_link_logs SET used_at = now() WHERE id = $1 AND used_at IS NULL RETURNING id"
_FREE: Final = "UPDATE magic_link_logs SET used_at = NULL WHERE id = $1"

# Asked for by anybody: the row is written for every address, the message only where an active account has it.
_REQUEST: Final = f"""
WITH owner AS (
    SELECT u.id FROM users AS u
    WHERE u.status = 'active' AND (u.phone = $4 OR (u.email = $5 AND u.email_verified_at IS NOT NULL))
), requested AS (
    INSERT INTO magic_link_logs (id, purpose, token_hash, user_id, channel, created_at, expires_at,
                                 ip, user_agent, country)
    SELECT $1, $2, $3, (SELECT o.id FROM owner AS o), CASE WHEN $4::text IS NULL THEN 'mail' ELSE 'sms' END,
           now(), now() + $6::interval, $7, $8, $9
    RETURNING user_id
)
SELECT apply_decision({alike("$10", "user_id IS NOT NULL")}) FROM requested"""  # noqa: S608 - built from constants only

# A link dies with the password, the phone or the address that was in force when it was sent.
_LIVE: Final = """
m.token_hash = $1 AND m.purpose = $2 AND m.used_at IS NULL AND m.expires_at > now() AND m.user_id = u.id
  AND m.created_at > coalesce(u.credentials_changed_at, '-infinity')"""
_SHOW: Final = f"SELECT m.user_id FROM magic_link_logs AS m, users AS u WHERE {_LIVE}"  # noqa: S608 - built from constants only
_REDEEM: Final = f"""
UPDATE magic_link_logs AS m SET used_at = now(), used_ip = $3, used_user_agent = $4, used_country = $5
FROM users AS u WHERE {_LIVE} RETURNING m.id, m.user_id, m.subject_id"""  # noqa: S608 - built from constants only


@dataclass(frozen=True, slots=True)
class LiveLink:
    """A link that may still be used, and whom it was sent to."""

    id: UUID
    phone: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class NewLink:
    """A link to be sent; exactly one of ``phone`` and ``email`` says where it goes."""

    id: UUID
    purpose: str
    digest: bytes = field(repr=False)
    phone: str | None = field(repr=False)
    email: str | None = field(repr=False)
    life: timedelta


@dataclass(frozen=True, slots=True)
class SpentLink:
    """Whose link was used, and what it was about where that is not the person."""

    id: UUID
    user_id: UUID
    subject_id: UUID | None


class MagicLinkStore:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def find(self, digest: bytes, *, purpose: str) -> LiveLink | None:
        """Return the link with this hash of a token; ``None`` when it was used, has run out or never was."""
        row = await self._database.row(_FIND, digest, purpose)
        return LiveLink(row["id"], row["phone"]) if row is not None else None

    async def spend(self, link_id: UUID) -> bool:
        """Use a link up; ``False`` when it was used before."""
        return await self._database.row(_SPEND, link_id) is not None

    async def free(self, link_id: UUID) -> None:
        """Let a link be used again: what it was spent for did not happen."""
        await self._database.execute(_FREE, link_id)

    async def request(self, link: NewLink, *, client: Client, message: str) -> None:
        """Put a request for a link on record and, if an active account has the address, the message that carries it."""
        await self._database.row(
            _REQUEST,
            link.id,
            link.purpose,
            link.digest,
            link.phone,
            link.email,
            link.life,
            client.ip,
            client.user_agent,
            client.country,
            message,
        )

    async def owner(self, digest: bytes, *, purpose: str) -> UUID | None:
        """Return whose a link is that may still be used; looking changes nothing."""
        owner: UUID | None = await self._database.value(_SHOW, digest, purpose)
        return owner

    async def redeem(self, digest: bytes, *, purpose: str, client: Client) -> SpentLink | None:
        """Use a link up and put on record who did; ``None`` when it was used, has run out or never was."""
        row = await self._database.row(_REDEEM, digest, purpose, client.ip, client.user_agent, client.country)
        return SpentLink(row["id"], row["user_id"], row["subject_id"]) if row is not None else None
