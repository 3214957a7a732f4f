from __future__ import annotations

from kro.core.errors import ErrorKind, KroError


class ProviderUnavailableError(KroError):
    """The payment provider gave no usable answer; try again."""

    kind = ErrorKind.PROVIDER_FAILED
    code = "provider_unavailable"
    retryable = True

    def __init__(self, *, cause: str, retry_after_seconds: int | None = None) -> None:
        super().__init__(retry_after_seconds=retry_after_seconds)
        self.cause = cause


class WebhookSignatureError(KroError):
    """The signature is not valid."""

    kind = ErrorKind.UNAUTHENTICATED
    code = "invalid_webhook_signature"


class MalformedWebhookError(KroError):
    """The event does not say what it is about."""

    kind = ErrorKind.INVALID
    code = "malformed_webhook"


class UnsupportedAmountError(KroError):
    """The amount cannot be expressed exactly in the provider's units, or its currency is not offered."""

    kind = ErrorKind.INVALID
    code = "unsupported_amount"


class InvalidReferenceError(KroError):
    """The reference does not fit what the provider accepts; references are made by ``provider_reference_for``."""

    kind = ErrorKind.INVALID
    code = "invalid_provider_reference"
