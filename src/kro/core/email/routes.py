from __future__ import annotations

from typing import Final

from kro.core.email.interface import Email, EmailAccepted, EmailOutcomeUnknown, EmailProvider, EmailRefused, EmailResult
from kro.core.telemetry import get_logger

_LOG = get_logger()
# The vendor says that it failed itself; a gateway in front of it (502, 504) does not know whether the mail was taken.
_DID_NOT_ACT: Final = frozenset({"status_500", "status_503"})


class MailRoutes:
    """Hands a mail to the first provider that takes it.

    A refusal of the address or of the words ends it: the next one would refuse them too. So does a lost answer, unless
    a second arrival harms nobody: a mail about money must not go out by two ways.
    """

    def __init__(self, *providers: EmailProvider) -> None:
        self._providers = providers

    async def send(self, message: Email) -> EmailResult:
        unknown: EmailOutcomeUnknown | None = None
        result: EmailResult = EmailRefused("no_route", permanent=False)
        for provider in self._providers:
            result = await provider.send(message)
            if isinstance(result, EmailOutcomeUnknown) and result.cause in _DID_NOT_ACT:
                result = EmailRefused("server_error", permanent=False)
            match result:
                case EmailAccepted():
                    return result
                case EmailRefused(permanent=True):
                    break
                case EmailOutcomeUnknown():
                    unknown = result
                    if not message.may_repeat:
                        break
                case EmailRefused():
                    _LOG.warning("mail_refused", reason_code=result.code, message_id=message.message_id)
        # What one of them may have taken stays in doubt, whatever the next one said.
        return unknown or result
