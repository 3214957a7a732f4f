from typing import TypedDict, Unpack

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


class Shared(TypedDict):
    settings: SandboxSettings
    faults: FaultBook
    options: Options
    background: Background
    webhooks: WebhookSender
    messages: Inbox


class Texts:
    """The stand-ins for texts beside Termii."""

    def __init__(self, *, clock: Clock, **shared: Unpack[Shared]) -> None:
        self.twilio = TwilioAPI(clock=clock, **shared)
        self.telnyx = TelnyxAPI(clock=clock, **shared)
        self.whatsapp = WhatsAppAPI(**shared)
