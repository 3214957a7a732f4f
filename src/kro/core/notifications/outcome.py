from __future__ import annotations

from typing import Final

from kro.core.email import EmailAccepted, EmailOutcomeUnknown, EmailRefused, EmailResult
from kro.core.outbox import Envelope, GiveUp, RetryLater
from kro.core.sms import MessageAccepted, MessageOutcomeUnknown, MessageRefused, SMSResult

MAX_UNCERTAIN_TRIES: Final = 3
"""A message whose fate is unknown may have arrived each time: after this many tries once more is one too many."""


def conclude(result: SMSResult | EmailResult, envelope: Envelope) -> None:
    """Turn a provider's answer into the fate of the message.

    :raises RetryLater: when another try may help.
    :raises GiveUp: when the provider refused for good, or too many tries ended without an answer.
    """
    match result:
        case MessageAccepted() | EmailAccepted():
            return
        case MessageRefused(permanent=True) | EmailRefused(permanent=True):
            raise GiveUp(result.code)
        case MessageRefused() | EmailRefused():
            raise RetryLater(result.code, after_seconds=result.retry_after_seconds)
        case MessageOutcomeUnknown(repeatable=False):
            raise GiveUp("outcome_unknown")
        case MessageOutcomeUnknown() | EmailOutcomeUnknown():
            if envelope.attempts >= MAX_UNCERTAIN_TRIES:
                raise GiveUp("outcome_unknown")
            raise RetryLater("outcome_unknown")
