"""The rows of challenges. A challenge lives while it is the newest of its target and purpose, unexpired and unused."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from kro.core.database.pool import Database
from kro.verification.database.alike import alike

_DRAFT_KEPT: Final = timedelta(hours=1)

# The code leaves only for numbers and addresses nobody has an account with; everybody gets a challenge, so that the
# answers, the limits and the failed tries of both kinds are the same.
_TAKEN: Final = """
EXISTS (SELECT FROM users AS u WHERE (u.phone = $3 AND u.status <> 'invited')
        OR (u.email = $4 AND u.email_verified_at IS NOT NULL))"""
_ISSUE: Final = f"""
WITH issued AS (
    INSERT INTO verification_codes (id, purpose, phone, email, code_mac, expires_at, draft)
    VALUES ($1, $2, $3, $4, $5, now() + make_interval(secs => $6), $7) RETURNING id
)
SELECT apply_decision({alike("$8", "NOT " + _TAKEN)}) FROM issued"""  # noqa: S608 - built from constants only

# A code sent again opens what the first one would have opened. Which one that was is told by the challenge it repeats;
# without that it is certain only while the number has a single registration open. Otherwise a stranger who registers
# somebody else's number could slip a password of theirs under the owner's next code. Ending the newest challenge is
# what lets a code be sent: of two who waited for the same one, the second finds it ended.
_REISSUE: Final = f"""
WITH open_drafts AS (
    SELECT DISTINCT c.draft FROM verification_codes AS c
    WHERE (c.phone = $3 OR c.email = $4) AND c.purpose = $2 AND c.draft IS NOT NULL
      AND c.created_at > now() - $9::interval AND ($7::uuid IS NULL OR c.id = $7)
), ended AS (
    UPDATE verification_codes SET expires_at = '-infinity' WHERE id = $10 AND expires_at > '-infinity' RETURNING id
), issued AS (
    INSERT INTO verification_codes (id, purpose, phone, email, code_mac, expires_at, draft)
    SELECT $1, $2, $3, $4, $5, now() + make_interval(secs => $6),
           (SELECT max(d.draft::text)::jsonb FROM open_drafts AS d HAVING count(*) = 1)
    WHERE $10::uuid IS NULL OR EXISTS (SELECT FROM ended)
    RETURNING draft
)
SELECT apply_decision({alike("$8", "i.draft IS NOT NULL AND NOT " + _TAKEN)}) FROM issued AS i"""  # noqa: S608 - built from constants only

# For whom an account is known by its number or its proven address the code leaves; for nobody it does not, and the
# work is the same.
_ISSUE_TO_OWNER: Final = f"""
WITH owner AS (
    SELECT u.id FROM users AS u
    WHERE u.status = 'active' AND (u.phone = $3 OR (u.email = $4 AND u.email_verified_at IS NOT NULL))
), issued AS (
    INSERT INTO verification_codes (id, purpose, phone, email, code_mac, expires_at, user_id)
    SELECT $1, $2, $3, $4, $5, now() + make_interval(secs => $6), (SELECT o.id FROM owner AS o) RETURNING user_id
)
SELECT apply_decision({alike("$7", "user_id IS NOT NULL")}) FROM issued"""  # noqa: S608 - built from constants only

# One statement counts the try and hands out what to compare with: parallel guesses get `max_tries` in all.
_COUNT_TRY: Final = """
UPDATE verification_codes AS c SET tries = c.tries + 1
WHERE c.id = $1 AND c.purpose = $2 AND c.tries < $3 AND c.consumed_at IS NULL AND c.expires_at > now()
  AND NOT EXISTS (SELECT FROM verification_codes AS n
                  WHERE (n.phone = c.phone OR n.email = c.email) AND n.purpose = c.purpose
                  AND (n.created_at, n.id) > (c.created_at, c.id))
RETURNING coalesce(c.phone, c.email) AS target, c.code_mac, c.draft, c.user_id"""

REDEEM_CODE: Final = """
redeemed AS (
    UPDATE verification_codes SET consumed_at = now(), draft = NULL
    WHERE id = $1 AND consumed_at IS NULL AND expires_at > now() RETURNING id, phone, email, user_id, created_at
), forgotten AS (
    UPDATE verification_codes AS c SET draft = NULL FROM redeemed AS r
    WHERE (c.phone = r.phone OR c.email = r.email) AND c.id <> r.id AND c.draft IS NOT NULL
)"""
"""CTEs for the statement that does what a right code allows: ``$1`` is the challenge; it works once."""

_FORGET: Final = """
DELETE FROM verification_codes WHERE id IN (
    SELECT id FROM verification_codes WHERE created_at < now() - make_interval(days => $1)
    LIMIT $2 FOR UPDATE SKIP LOCKED)"""


_RECENT: Final = """
SELECT count(*) AS sent, coalesce(extract(epoch FROM now() - max(c.created_at)), 0)::float AS seconds_since_last,
       (array_agg(c.id ORDER BY c.created_at DESC, c.id DESC))[1] AS newest
FROM verification_codes AS c
WHERE (c.phone = $1 OR c.email = $2) AND c.purpose = $3 AND c.created_at > now() - interval '1 hour'"""


@dataclass(frozen=True, slots=True)
class RecentCodes:
    """What was sent to a target in the last hour, whether or not the text left: the answer says nothing of that."""

    sent: int
    seconds_since_last: float
    newest: UUID | None = None


@dataclass(frozen=True, slots=True)
class NewCode:
    """A challenge to be; exactly one of ``phone`` and ``email`` says where its code goes."""

    id: UUID
    purpose: str
    phone: str | None
    email: str | None
    mac: bytes = field(repr=False)
    ttl_seconds: int


@dataclass(frozen=True, slots=True)
class CountedTry:
    target: str = field(repr=False)
    mac: bytes = field(repr=False)
    draft: Mapping[str, Any] | None = field(repr=False)
    user_id: UUID | None = None


class VerificationCodes:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def issue(self, code: NewCode, *, draft: Mapping[str, Any], message: str) -> None:
        """Write a challenge and, unless somebody has the number or address, the message that carries its code."""
        await self._database.row(_ISSUE, *_columns(code), dict(draft), message)

    async def reissue(self, code: NewCode, *, repeats: UUID | None, after: UUID | None, message: str) -> bool:
        """Write a challenge that stands for an earlier one of the same target, and its message if there was one.

        :param after: the newest challenge of the target, which ends; ``False`` when another followed it already.
        """
        row = await self._database.row(_REISSUE, *_columns(code), repeats, message, _DRAFT_KEPT, after)
        return row is not None

    async def issue_to_owner(self, code: NewCode, *, message: str) -> None:
        """Write a challenge and, if an active account has the number or proven address, the message with its code."""
        await self._database.row(_ISSUE_TO_OWNER, *_columns(code), message)

    async def recent(self, *, phone: str | None, email: str | None, purpose: str) -> RecentCodes:
        """Return how many codes a number or address had in the last hour, and when the last one was."""
        row = await self._database.row(_RECENT, phone, email, purpose)
        assert row is not None  # noqa: S101 - a sum over nothing is a row too
        return RecentCodes(**row)

    async def count_try(self, *, id: UUID, purpose: str, max_tries: int) -> CountedTry | None:  # noqa: A002 - the column's name
        """Count a try against a live challenge and return what to compare with; ``None`` when it is not live."""
        row = await self._database.row(_COUNT_TRY, id, purpose, max_tries)
        return CountedTry(row["target"], row["code_mac"], row["draft"], row["user_id"]) if row is not None else None

    async def forget(self, *, older_than_days: int, limit: int = 1000) -> int:
        """Delete some older challenges and return how many: nothing but their numbers is left of them."""
        return await self._database.execute(_FORGET, older_than_days, limit)


def _columns(code: NewCode) -> tuple[object, ...]:
    return code.id, code.purpose, code.phone, code.email, code.mac, float(code.ttl_seconds)
