from __future__ import annotations

from kro.core.errors import ErrorKind, KroError


class ReportSignatureError(KroError):
    """The signature of the webhook is missing or wrong."""

    kind = ErrorKind.UNAUTHENTICATED
    code = "invalid_webhook_signature"


class MalformedReportError(KroError):
    """The webhook is authentic, but not in the form its vendor documents."""

    kind = ErrorKind.INVALID
    code = "malformed_webhook"


class ReportsNotTakenError(KroError):
    """This vendor sends no reports here."""

    kind = ErrorKind.NOT_FOUND
    code = "unknown_provider"


class ChannelNotFoundError(KroError):
    """There is no such route, provider, channel, country or range."""

    kind = ErrorKind.NOT_FOUND
    code = "not_found"
