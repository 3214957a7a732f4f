"""What PostgreSQL's refusals mean to us: SQLSTATE to error, in one table.

Class ``KR`` is raised by our own functions (``migrations/sql/*_apply.sql``); the others are PostgreSQL's
(https://www.postgresql.org/docs/current/errcodes-appendix.html).
"""

from __future__ import annotations

from typing import Final

import asyncpg

from kro.core.decisions.errors import InProgressError, InsufficientFundsError, LostRaceError
from kro.core.errors import ErrorKind, KroError

UNREACHABLE: Final = (
    OSError,
    asyncpg.PostgresConnectionError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.CannotConnectNowError,
    # No connection, memory or room on the disk is left.
    asyncpg.InsufficientResourcesError,
)
"""What a server raises that is going down, coming up, full or gone. Whether a statement took effect is unknown."""

_RACE: Final = "KR001"
_UNDER_WAY: Final = "KR002"
_BLOCKED: Final = frozenset({"40001", "40P01", "55P03"})
_TAKEN: Final = frozenset({"23505", "23P01"})
_CHECK: Final = "23514"
_TOOK_TOO_LONG: Final = "57014"
_OVERLOAD_RETRY_SECONDS: Final = 1
_NOT_NEGATIVE: Final = "ck_kro_balance_not_negative"
_DEBT: Final = "ck_kro_balance_debt"


class DatabaseBusyError(KroError):
    """The service is busy; try again shortly."""

    kind = ErrorKind.OVERLOADED
    code = "overloaded"
    retryable = True

    def __init__(self) -> None:
        super().__init__(retry_after_seconds=_OVERLOAD_RETRY_SECONDS)


class BlockedError(DatabaseBusyError, LostRaceError):
    """Others locked what a statement needs, for too long or in a circle: decisions are tried again, reads are not."""


def translate(error: asyncpg.PostgresError) -> Exception:
    """Return the error a caller should see; anything unforeseen stays what it is, a bug.

    A unique or exclusion violation is a lost race: the natural key was taken meanwhile, and a second load will see it.
    So are two repayments of one debt at once: the second was decided on a debt that is gone.
    """
    state = error.sqlstate or ""
    violated = getattr(error, "constraint_name", None) if state == _CHECK else None
    if state in _BLOCKED:
        return BlockedError()
    if state == _TOOK_TOO_LONG:
        return DatabaseBusyError()
    if state == _RACE or state in _TAKEN or violated == _DEBT:
        return LostRaceError(str(error))
    if state == _UNDER_WAY:
        return InProgressError()
    return InsufficientFundsError() if violated == _NOT_NEGATIVE else error
