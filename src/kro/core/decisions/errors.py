from __future__ import annotations

from kro.core.errors import ErrorKind, KroError


class LostRaceError(Exception):
    """Somebody else changed the aggregate between load and apply: load and decide again."""


class BusyError(KroError):
    """Several requests changed this at the same time; try again."""

    kind = ErrorKind.CONFLICT
    code = "concurrent_update"
    retryable = True


class InProgressError(KroError):
    """A request with this idempotency key is still being processed."""

    kind = ErrorKind.CONFLICT
    code = "idempotency_in_progress"
    retryable = True

    def __init__(self) -> None:
        super().__init__(retry_after_seconds=1)


class KeyReusedError(KroError):
    """This idempotency key was used for a different request."""

    kind = ErrorKind.INVALID
    code = "idempotency_key_reused"


class InsufficientFundsError(KroError):
    """The balance does not cover this amount."""

    kind = ErrorKind.CONFLICT
    code = "insufficient_funds"
