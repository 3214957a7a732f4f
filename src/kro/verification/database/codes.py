"""The rows of challenges. A challenge lives while it is the newest of its number and purpose, unexpired and unused."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from kro.core.database.pool import Database

_DRAFT_KEPT: Final = timedelta(hours=1)

# The text leaves only for numbers nobody has an account with; everybody gets a challenge, so that the answers, the
# limits and the failed tries of both kinds of number are the same.
_ISSUE: Final = """
WITH issued AS (
    INSERT INTO verification_codes (id, purpose, phone, code_mac, expires_at, draft)
    VALUES ($1, $2, $3, $4, now() + make_interval(secs => $5), $6) RETURNING phone
)
SELECT apply_decision($7::text::jsonb) FROM issued AS i
WHERE NOT EXISTS (SELECT FROM users AS u WHERE u.phone = i.phone AND u.status <> 'invited')"""

# A code sent again opens what the first one would have opened. Which one that was is told by the challenge it repeats;
# without that it is certain only while the number has a single registration open. Otherwise a stranger who registers
# somebody else's number could slip a password of theirs under the owner's next code.
_REISSUE: Final = """
WITH open_drafts AS (
    SELECT DISTINCT c.draft FROM verification_codes AS c
    WHERE c.phone = $3 AND c.purpose = $2 AND c.draft IS NOT NULL AND c.created_at > now() - $8::interval
      AND ($6::uuid IS NULL OR c.id = $6)
), issued AS (
    INSERT INTO verification_codes (id, purpose, phone, code_mac, expires_at, draft)
    SELECT $1, $2, $3, $4, now() + make_interval(secs => $5),
           (SELECT max(d.draft::text)::jsonb FROM open_drafts AS d HAVING count(*) = 1)
    RETURNING draft
)
SELECT apply_decision($7::text::jsonb) FROM issued AS i
WHERE i.draft IS NOT NULL AND NOT EXISTS (SELECT FROM users AS u WHERE u.phone = $3 AND u.status <> 'invited')"""

# One statement counts the try and hands out what to compare with: parallel guesses get `max_tries` in all.
_COUNT_TRY: Final = """
UPDATE verification_codes AS c SET tries = c.tries + 1
WHERE c.id = $1 AND c.purpose = $2 AND c.tries < $3 AND c.consumed_at IS NULL AND c.expires_at > now()
  AND NOT EXISTS (SELECT FROM verification_codes AS n WHERE n.phone = c.phone AND n.purpose = c.purpose
                  AND (n.created_at, n.id) > (c.created_at, c.id))
RETURNING c.phone, c.code_mac, c.draft"""

REDEEM_CODE: Final = """
redeemed AS (
    UPDATE verification_codes SET consumed_at = now(), draft = NULL
    WHERE id = $1 AND consumed_at IS NULL AND expires_at > now() RETURNING id, phone
), forgotten AS (
    UPDATE verification_codes AS c SET draft = NULL FROM redeemed AS r
    WHERE c.phone = r.phone AND c.id <> r.id AND c.draft IS NOT NULL
)"""
"""CTEs for the statement that does what a right code allows: ``$1`` is the challenge; it works once."""


@dataclass(frozen=True, slots=True)
class NewCode:
    id: UUID
    purpose: str
    phone: str
    mac: bytes = field(repr=False)
    ttl_seconds: int


@dataclass(frozen=True, slots=True)
class CountedTry:
    phone: str
    mac: bytes = field(repr=False)
    draft: Mapping[str, Any] | None = field(repr=False)


class VerificationCodes:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def issue(self, code: NewCode, *, draft: Mapping[str, Any], message: str) -> None:
        """Write a challenge and, unless the number has an account, the message that carries its code."""
        await self._database.row(_ISSUE, *_columns(code), dict(draft), message)

    async def reissue(self, code: NewCode, *, repeats: UUID | None, message: str) -> None:
        """Write a challenge that stands for an earlier one of the same number, and its message if there was one."""
        await self._database.row(_REISSUE, *_columns(code), repeats, message, _DRAFT_KEPT)

    async def count_try(self, *, id: UUID, purpose: str, max_tries: int) -> CountedTry | None:  # noqa: A002 - the column's name
        """Count a try against a live challenge and return what to compare with; ``None`` when it is not live."""
        row = await self._database.row(_COUNT_TRY, id, purpose, max_tries)
        return CountedTry(row["phone"], row["code_mac"], row["draft"]) if row is not None else None


def _columns(code: NewCode) -> tuple[object, ...]:
    return code.id, code.purpose, code.phone, code.mac, float(code.ttl_seconds)
