"""Why work on sanctions is refused: every class is one stable public code."""

from __future__ import annotations

from kro.core.errors import ErrorKind, KroError


class MatchNotFoundError(KroError):
    """There is no such match."""

    kind = ErrorKind.NOT_FOUND
    code = "sanction_match_not_found"


class MatchDecidedError(KroError):
    """This match was decided already."""

    code = "sanction_match_decided"


class AccountFrozenError(KroError):
    """A match that froze the account ends with the freeze, which two people lift."""

    code = "sanction_account_frozen"


class OwnMatchError(KroError):
    """Nobody decides about a match of their own."""

    kind = ErrorKind.FORBIDDEN
    code = "own_sanction_match"


class FreezeNotFoundError(KroError):
    """There is no such freeze."""

    kind = ErrorKind.NOT_FOUND
    code = "freeze_not_found"


class FreezeLiftedError(KroError):
    """The freeze was lifted already."""

    code = "freeze_lifted"
