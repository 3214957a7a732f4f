"""An admin's second factor: tries are counted before a code is looked at."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from kro.core.clock import Clock
from kro.core.database.pool import Database
from kro.core.encryption import FieldCipher
from kro.core.errors import ErrorKind, KroError
from kro.core.two_factor.totp import matching_step

MAX_FAILURES: Final = 5
LOCK_MINUTES: Final = 15

# Every try counts as a failure until its step is spent, which sets the count back to zero. `locked_until` matters only
# while the count is full, and a lock that has passed starts a new count.
_COUNT: Final = """
UPDATE two_factor_admin AS f
SET failures = CASE WHEN f.failures >= $2 THEN 1 ELSE f.failures + 1 END,
    locked_until = now() + make_interval(mins => $3)
WHERE f.admin_id = $1 AND f.confirmed_at IS NOT NULL AND (f.failures < $2 OR f.locked_until <= now())
RETURNING f.secret_sealed, f.last_used_step"""

_ENROLL: Final = """
INSERT INTO two_factor_admin (admin_id, secret_sealed, confirmed_at) VALUES ($1, $2, now())
ON CONFLICT (admin_id) DO NOTHING"""


class WrongFactorError(KroError):
    """The authenticator code is wrong or was already used; wait for the next one."""

    kind = ErrorKind.INVALID
    code = "two_factor_incorrect"
    leaves_key_free = True


class FactorLockedError(KroError):
    """The second factor rests after five wrong codes."""

    kind = ErrorKind.RATE_LIMITED
    code = "two_factor_locked"

    def __init__(self) -> None:
        super().__init__(retry_after_seconds=LOCK_MINUTES * 60)


class TwoFactor:
    def __init__(self, database: Database, *, cipher: FieldCipher, clock: Clock) -> None:
        self._database = database
        self._cipher = cipher
        self._clock = clock

    async def attempt(self, *, admin_id: UUID, code: str) -> int:
        """Count a try, then check a code; return its time step for the caller to spend with what the code allows.

        Spend it by :func:`spend_step` in the same decision. A step that is not spent leaves the try counted.

        :raises WrongFactorError: when the code is wrong or its step was spent.
        :raises FactorLockedError: after five tries in a row that came to nothing, for fifteen minutes; also when there
            is no factor at all.
        """
        row = await self._database.row(_COUNT, admin_id, MAX_FAILURES, LOCK_MINUTES)
        if row is None:
            raise FactorLockedError
        secret = self._cipher.open(row["secret_sealed"], context=_context(admin_id))
        step = matching_step(secret=secret, code=code, now=self._clock.now())
        if step is None or step <= row["last_used_step"]:
            raise WrongFactorError
        return step

    async def enroll(self, *, admin_id: UUID, secret: str) -> None:
        """Give an admin a confirmed factor unless there is one; ``secret`` is base32 of at least 160 bits."""
        await self._database.execute(_ENROLL, admin_id, self._cipher.seal(secret, context=_context(admin_id)))


def _context(admin_id: UUID) -> str:
    return f"two_factor_admin.secret:{admin_id}"
