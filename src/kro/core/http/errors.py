"""What can be wrong with a request before any use case sees it."""

from __future__ import annotations

from kro.core.errors import ErrorKind, FieldError, KroError


class MalformedBodyError(KroError):
    """The body is not valid JSON in UTF-8."""

    kind = ErrorKind.MALFORMED
    code = "malformed_body"


class BodyTooDeepError(KroError):
    """The JSON body is nested more than 20 levels deep."""

    kind = ErrorKind.MALFORMED
    code = "body_too_deep"


class BodyTooLargeError(KroError):
    """The body is larger than this address accepts."""

    kind = ErrorKind.TOO_LARGE
    code = "body_too_large"


class UnsupportedMediaError(KroError):
    """The body must be sent as application/json, uncompressed."""

    kind = ErrorKind.UNSUPPORTED_MEDIA
    code = "unsupported_media_type"


class InvalidRequestError(KroError):
    """The request has fields that are not acceptable."""

    kind = ErrorKind.INVALID
    code = "validation_failed"


class UnknownParameterError(KroError):
    """The address was given a query parameter it does not know."""

    kind = ErrorKind.INVALID
    code = "unknown_parameter"

    def __init__(self, names: tuple[str, ...]) -> None:
        super().__init__(
            errors=tuple(FieldError(f"query:{name}", self.code, "This parameter is not known here.") for name in names)
        )


class IdempotencyKeyMissingError(KroError):
    """This request needs an Idempotency-Key header."""

    kind = ErrorKind.MALFORMED
    code = "idempotency_key_missing"


class IdempotencyKeyInvalidError(KroError):
    """The Idempotency-Key header must be 1 to 255 visible ASCII characters."""

    kind = ErrorKind.MALFORMED
    code = "idempotency_key_invalid"


class InvalidCursorError(KroError):
    """The cursor does not belong to this list; start again without it."""

    kind = ErrorKind.INVALID
    code = "invalid_cursor"


class AddressNotFoundError(KroError):
    """There is nothing at this address."""

    kind = ErrorKind.NOT_FOUND
    code = "not_found"


class NotReadyError(KroError):
    """The service is not ready to take requests."""

    kind = ErrorKind.OVERLOADED
    code = "not_ready"
    retryable = True
