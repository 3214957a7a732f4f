"""The error hierarchy every module builds on.

``KroError`` is an expected failure with a stable public code. Its ``kind`` is transport-neutral; the HTTP layer maps
it to a status and a problem+json body (RFC 9457). Anything that is not a ``KroError`` is a bug.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, ClassVar


class ErrorKind(StrEnum):
    """What went wrong, independent of any transport."""

    MALFORMED = "malformed"
    UNAUTHENTICATED = "unauthenticated"
    FORBIDDEN = "forbidden"
    NOT_FOUND = "not_found"
    CONFLICT = "conflict"
    GONE = "gone"
    TOO_LARGE = "too_large"
    UNSUPPORTED_MEDIA = "unsupported_media"
    INVALID = "invalid"
    RATE_LIMITED = "rate_limited"
    PROVIDER_FAILED = "provider_failed"
    PROVIDER_TIMEOUT = "provider_timeout"
    OVERLOADED = "overloaded"


@dataclass(frozen=True, slots=True)
class FieldError:
    """One offending field: an RFC 6901 JSON pointer into the request body, a stable code and a sentence."""

    pointer: str
    code: str
    detail: str


class KroError(Exception):
    """An expected failure, told to the client with a stable code.

    Subclasses set ``kind`` and ``code``, take the facts in their constructor and build one good sentence from them.
    """

    kind: ClassVar[ErrorKind] = ErrorKind.CONFLICT
    code: ClassVar[str] = "error"
    retryable: ClassVar[bool] = False
    leaves_key_free: ClassVar[bool] = False
    """Whether the idempotency key may carry another request after this refusal, although it is a 409 or 422."""

    def __init__(
        self,
        detail: str | None = None,
        *,
        errors: tuple[FieldError, ...] = (),
        retry_after_seconds: int | None = None,
        facts: Mapping[str, str | int] | None = None,
    ) -> None:
        self.detail = detail or (self.__doc__ or "").strip().splitlines()[0]
        self.facts = facts
        self.errors = errors
        self.retry_after_seconds = retry_after_seconds
        self.told: Mapping[str, Any] = {}
        """Further members of the answer, plain JSON, where a client needs facts to go on (RFC 9457, 3.2)."""
        super().__init__(self.detail)

    @classmethod
    def title(cls) -> str:
        """Return the human title of the code: ``insufficient_funds`` becomes ``Insufficient funds``."""
        return cls.code.replace("_", " ").capitalize()


class ValidationFailedError(KroError):
    """The request is well-formed but a field is not acceptable."""

    kind = ErrorKind.INVALID
    code = "validation_failed"
    leaves_key_free = True

    def __init__(self, pointer: str, code: str, detail: str) -> None:
        super().__init__(detail, errors=(FieldError(pointer, code, detail),))
