"""What PostgreSQL's refusals mean to us: SQLSTATE to error, in one table.

Class ``KR`` is raised by our own functions (``migrations/sql/*_apply.sql``); the others are PostgreSQL's
(https://www.postgresql.org/docs/current/errcodes-appendix.html).
"""

from __future__ import annotations

from typing import Final

import asyncpg

from kro.core.decisions.errors import InProgressError, InsufficientFundsError, LostRaceError

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

_RACES: Final = frozenset({"KR001", "40001", "40P01", "55P03"})
_TAKEN: Final = frozenset({"23505", "23P01"})
_CHECK: Final = "23514"
_NOT_NEGATIVE: Final = "ck_kro_balance_not_negative"
_DEBT: Final = "ck_kro_balance_debt"


def translate(error: asyncpg.PostgresError) -> Exception:
    """Return the error a caller should see; anything unforeseen stays what it is, a bug.

    A unique or exclusion violation is a lost race: the natural key was taken meanwhile, and a second load will see it.
    """
    if error.sqlstate in _RACES or error.sqlstate in _TAKEN:
        return LostRaceError(str(error))
    if error.sqlstate == "KR002":
        return InProgressError()
    violated = getattr(error, "constraint_name", None) if error.sqlstate == _CHECK else None
    if violated == _NOT_NEGATIVE:
        return InsufficientFundsError()
    if violated == _DEBT:
        # Two repayments of one debt at once: the second was decided on a debt that is gone.
        return LostRaceError(str(error))
    return error
