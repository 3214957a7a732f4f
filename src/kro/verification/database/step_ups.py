"""The rows of step-up challenges. One lives while it is the newest of its user and task, unexpired and unused."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final
from uuid import UUID

from kro.core.database.pool import Database

_PERSON: Final = """
SELECT u.phone, CASE WHEN u.email_verified_at IS NOT NULL THEN u.email END AS email,
       EXISTS (SELECT FROM two_factor_user AS f WHERE f.id = u.id AND f.confirmed_at IS NOT NULL) AS has_factor
FROM users AS u WHERE u.id = $1"""

_ISSUE: Final = """
WITH issued AS (
    INSERT INTO step_up_challenges (id, user_id, action, task_hash, code_mac, expires_at)
    VALUES ($1, $2, $3, $4, $5, now() + make_interval(secs => $6)) RETURNING id
)
SELECT apply_decision($7::text::jsonb) FROM issued"""

# One statement counts the try and hands out what to compare with: parallel guesses get `max_tries` in all. Who has an
# authenticator proves with it: a text message to a stolen number must not be worth as much.
_COUNT_TRY: Final = """
UPDATE step_up_challenges AS c SET tries = c.tries + 1
WHERE c.id = $1 AND c.user_id = $2 AND c.task_hash = $3 AND c.tries < $4
  AND c.consumed_at IS NULL AND c.expires_at > now()
  AND NOT EXISTS (SELECT FROM step_up_challenges AS n WHERE n.user_id = c.user_id AND n.task_hash = c.task_hash
                  AND (n.created_at, n.id) > (c.created_at, c.id))
  AND NOT EXISTS (SELECT FROM two_factor_user AS f WHERE f.id = c.user_id AND f.confirmed_at IS NOT NULL)
RETURNING c.code_mac, c.version"""

_IS_OPEN: Final = "SELECT EXISTS (SELECT FROM step_up_challenges WHERE id = $1 AND consumed_at IS NULL)"
_FACTOR: Final = "SELECT version, last_used_step FROM two_factor_user WHERE id = $1 AND confirmed_at IS NOT NULL"


@dataclass(frozen=True, slots=True)
class NewChallenge:
    id: UUID
    user_id: UUID
    action: str
    task_hash: bytes = field(repr=False)
    mac: bytes = field(repr=False)
    ttl_seconds: int


@dataclass(frozen=True, slots=True)
class Provable:
    """How somebody can be reached, and whether they have an authenticator; a mail address only if it was proven."""

    phone: str | None = field(repr=False)
    email: str | None = field(repr=False)
    has_factor: bool


@dataclass(frozen=True, slots=True)
class FactorState:
    version: int
    last_used_step: int


class StepUpChallenges:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def person(self, user_id: UUID) -> Provable:
        """Load how a user whose standing was just checked can prove something."""
        row = await self._database.row(_PERSON, user_id)
        return Provable(**row) if row is not None else Provable(None, None, has_factor=False)

    async def issue(self, new: NewChallenge, *, message: str) -> None:
        """Write a challenge and, in the same statement, the message that carries its code."""
        await self._database.row(
            _ISSUE, new.id, new.user_id, new.action, new.task_hash, new.mac, float(new.ttl_seconds), message
        )

    async def count_try(
        self, challenge_id: UUID, *, user_id: UUID, task_hash: bytes, max_tries: int
    ) -> tuple[bytes, int] | None:
        """Count a try against a live challenge of this user for this task; return what to compare with, and version."""
        row = await self._database.row(_COUNT_TRY, challenge_id, user_id, task_hash, max_tries)
        return (row["code_mac"], row["version"]) if row is not None else None

    async def is_open(self, challenge_id: UUID) -> bool:
        return bool(await self._database.value(_IS_OPEN, challenge_id))

    async def factor(self, user_id: UUID) -> FactorState | None:
        """Return what guards the use of a user's authenticator; ``None`` when there is none."""
        row = await self._database.row(_FACTOR, user_id)
        return FactorState(row["version"], row["last_used_step"]) if row is not None else None

    async def record(self, document: str) -> None:
        """Write an encoded decision that only records something."""
        await self._database.apply(document)
