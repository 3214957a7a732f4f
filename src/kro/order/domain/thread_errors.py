"""Why a thread refuses."""

from __future__ import annotations

from typing import Final

from kro.core.errors import ErrorKind, KroError


class MessageNotFoundError(KroError):
    """The order has no such message."""

    kind = ErrorKind.NOT_FOUND
    code = "message_not_found"


class ThreadClosedError(KroError):
    """The order has ended, and nothing more can be written about it."""

    code = "thread_closed"


class NotYourMessageError(KroError):
    """Only who wrote a message can take it back."""

    kind = ErrorKind.FORBIDDEN
    code = "message_not_yours"


class OwnMessageError(KroError):
    """A report is about what the other party wrote."""

    kind = ErrorKind.FORBIDDEN
    code = "message_own"


class MessageFixedError(KroError):
    """The message stays: it is older than 15 minutes, or the order has been contested."""

    code = "message_fixed"


class MessageReportedError(KroError):
    """You have reported this message already."""

    code = "message_already_reported"


class NoCounterpartyError(KroError):
    """There is no such person among those you have an order with."""

    kind = ErrorKind.NOT_FOUND
    code = "counterparty_unknown"


THREAD_CHANGES: Final[tuple[type[KroError], ...]] = (MessageNotFoundError, NotYourMessageError, MessageFixedError)
