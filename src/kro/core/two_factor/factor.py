"""A second factor: tries are counted before a code is looked at."""

from __future__ import annotations

from dataclasses import dataclass
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
UPDATE {table} AS f
SET failures = CASE WHEN f.failures >= $2 THEN 1 ELSE f.failures + 1 END,
    locked_until = now() + make_interval(mins => $3)
WHERE f.{key} = $1 AND f.confirmed_at IS NOT NULL AND (f.failures < $2 OR f.locked_until <= now())
RETURNING f.secret_sealed, f.last_used_step"""

_ENROLL: Final = """
INSERT INTO {table} ({key}, secret_sealed, confirmed_at) VALUES ($1, $2, now())
ON CONFLICT ({key}) DO NOTHING"""


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


@dataclass(frozen=True, slots=True)
class FactorTable:
    """Where the factors of one kind of people are kept."""

    name: str
    key: str

    def context(self, owner_id: UUID) -> str:
        """Return what an owner's secret is sealed for."""
        return f"{self.name}.secret:{owner_id}"


ADMIN_FACTORS: Final = FactorTable("two_factor_admin", "admin_id")
USER_FACTORS: Final = FactorTable("two_factor_user", "id")


class TwoFactorRequiredError(KroError):
    """That was right; a code of your authenticator, or a recovery code, is needed as well."""

    kind = ErrorKind.UNAUTHENTICATED
    code = "two_factor_required"


class TwoFactor:
    """The factors of one kind of people: admins, where nothing else is said, or users."""

    def __init__(
        self, database: Database, *, cipher: FieldCipher, clock: Clock, table: FactorTable = ADMIN_FACTORS
    ) -> None:
        self._database = database
        self._cipher = cipher
        self._clock = clock
        self._table = table
        self._count = _COUNT.format(table=table.name, key=table.key)
        self._enroll = _ENROLL.format(table=table.name, key=table.key)

    async def attempt(self, *, owner_id: UUID, code: str) -> int:
        """Count a try, then check a code; return its time step for the caller to spend with what the code allows.

        Spend it in the same decision: :func:`spend_step`. A step that is not spent leaves the try counted.

        :raises WrongFactorError: when the code is wrong or its step was spent.
        :raises FactorLockedError: after five tries in a row that came to nothing, for fifteen minutes; also when there
            is no factor at all.
        """
        row = await self._database.row(self._count, owner_id, MAX_FAILURES, LOCK_MINUTES)
        if row is None:
            raise FactorLockedError
        secret = self._cipher.open(row["secret_sealed"], context=self._table.context(owner_id))
        step = matching_step(secret=secret, code=code, now=self._clock.now())
        if step is None or step <= row["last_used_step"]:
            raise WrongFactorError
        return step

    def seal(self, secret: str, *, owner_id: UUID) -> str:
        """Return a secret as it is kept for its owner."""
        return self._cipher.seal(secret, context=self._table.context(owner_id))

    def step_of(self, code: str, *, sealed: str, owner_id: UUID) -> int:
        """Return the time step of a code of a secret that is not confirmed yet.

        :raises WrongFactorError: when it is wrong.
        """
        secret = self._cipher.open(sealed, context=self._table.context(owner_id))
        step = matching_step(secret=secret, code=code, now=self._clock.now())
        if step is None:
            raise WrongFactorError
        return step

    async def enroll(self, *, owner_id: UUID, secret: str) -> None:
        """Give somebody a confirmed factor unless there is one; ``secret`` is base32 of at least 160 bits."""
        await self._database.execute(self._enroll, owner_id, self.seal(secret, owner_id=owner_id))
