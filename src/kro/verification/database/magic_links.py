"""Links that were sent to people: looked up by the hash of their token."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final
from uuid import UUID

from kro.core.database.pool import Database

_FIND: Final = """
SELECT m.id, u.phone FROM magic_link_logs AS m JOIN users AS u ON u.id = m.user_id
WHERE m.token_hash = $1 AND m.purpose = $2 AND m.used_at IS NULL AND m.expires_at > now()"""

# Two who claim at the same moment: one of them finds the link used.
_SPEND: Final = "UPDATE magic_link_logs SET used_at = now() WHERE id = $1 AND used_at IS NULL RETURNING id"
_FREE: Final = "UPDATE magic_link_logs SET used_at = NULL WHERE id = $1"


@dataclass(frozen=True, slots=True)
class LiveLink:
    """A link that may still be used, and whom it was sent to."""

    id: UUID
    phone: str = field(repr=False)


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
