from kro_sandbox.core.background import Background
from kro_sandbox.core.clock import Clock
from kro_sandbox.core.faults import FaultBook
from kro_sandbox.core.inbox import Inbox
from kro_sandbox.core.options import Options
from kro_sandbox.core.webhooks import WebhookSender
from kro_sandbox.settings import SandboxSettings
from kro_sandbox.telnyx.api import TelnyxAPI
from kro_sandbox.twilio.api import TwilioAPI
from kro_sandbox.whatsapp.api import WhatsAppAPI


class Texts:
    """The stand-ins for texts beside Termii."""

    def __init__(
        self,
        *,
        settings: SandboxSettings,
        clock: Clock,
        faults: FaultBook,
        options: Options,
        background: Background,
        webhooks: WebhookSender,
        messages: Inbox,
    ) -> None:
        self.twilio = TwilioAPI(
            settings=settings,
            clock=clock,
            faults=faults,
            options=options,
            background=background,
            webhooks=webhooks,
            messages=messages,
        )
        self.telnyx = TelnyxAPI(
            settings=settings,
            clock=clock,
            faults=faults,
            options=options,
            background=background,
            webhooks=webhooks,
            messages=messages,
        )
        self.whatsapp = WhatsAppAPI(
            settings=settings,
            faults=faults,
            options=options,
            background=background,
            webhooks=webhooks,
            messages=messages,
        )
