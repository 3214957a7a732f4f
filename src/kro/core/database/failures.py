"""What PostgreSQL's refusals mean to us: SQLSTATE to error, in one table.

Class ``KR`` is raised by our own functions (``migrations/sql/*_apply.sql``); the others are PostgreSQL's
(https://www.postgresql.org/docs/current/errcodes-appendix.html).
"""

from __future__ import annotations

from typing import Final

import asyncpg

from kro.core.decisions.errors import InProgressError, InsufficientFundsError, LostRaceError

_RACES: Final = frozenset({"KR001", "40001", "40P01", "55P03"})
_UNIQUE: Final = "23505"
_CHECK: Final = "23514"
_NOT_NEGATIVE: Final = "ck_kro_balance_not_negative"


def translate(error: asyncpg.PostgresError) -> Exception:
    """Return the error a caller should see; anything unforeseen stays what it is, a bug.

    A unique violation is a lost race: the natural key was written meanwhile, and a second load will see it.
    """
    if error.sqlstate in _RACES or error.sqlstate == _UNIQUE:
        return LostRaceError(str(error))
    if error.sqlstate == "KR002":
        return InProgressError()
    if error.sqlstate == _CHECK and getattr(error, "constraint_name", None) == _NOT_NEGATIVE:
        return InsufficientFundsError()
    return error
