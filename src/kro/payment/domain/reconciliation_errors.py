from __future__ import annotations

from kro.core.errors import ErrorKind, FieldError, KroError


class BreakNotFoundError(KroError):
    """There is no such break."""

    kind = ErrorKind.NOT_FOUND
    code = "break_not_found"


class BreakEndedError(KroError):
    """The break is not open any more."""

    kind = ErrorKind.CONFLICT
    code = "break_ended"


class AssigneeUnknownError(KroError):
    """A break can only be given to an active admin."""

    kind = ErrorKind.INVALID
    code = "assignee_unknown"


class RunNotFoundError(KroError):
    """There is no such reconciliation run."""

    kind = ErrorKind.NOT_FOUND
    code = "reconciliation_run_not_found"


class RunUnderWayError(KroError):
    """Another reconciliation run is under way."""

    kind = ErrorKind.CONFLICT
    code = "reconciliation_under_way"
    retryable = True

    def __init__(self) -> None:
        super().__init__(retry_after_seconds=60)


class StatementAccountError(KroError):
    """Statements are only taken of the configured providers and bank accounts."""

    kind = ErrorKind.INVALID
    code = "statement_account_unknown"


class StatementPeriodError(KroError):
    """A statement is for at most 366 days, from a first day to a last one that is not before it."""

    kind = ErrorKind.INVALID
    code = "statement_days_invalid"


class StatementKindsError(KroError):
    """Statements of banks have no kinds, and those of providers have only the kinds of providers."""

    kind = ErrorKind.INVALID
    code = "statement_kinds_invalid"


class StatementInvalidError(KroError):
    """The statement cannot be read as a whole, so nothing of it was taken."""

    kind = ErrorKind.INVALID
    code = "statement_invalid"
    leaves_key_free = True

    def __init__(self, errors: tuple[FieldError, ...]) -> None:
        super().__init__(errors=errors)
