from starlette.requests import Request

from kro_sandbox.core.background import Background
from kro_sandbox.core.clock import Clock
from kro_sandbox.core.faults import FaultBook
from kro_sandbox.core.inbox import Inbox
from kro_sandbox.core.options import Options
from kro_sandbox.core.tokens import NumericIds
from kro_sandbox.core.webhooks import WebhookSender
from kro_sandbox.dojah.api import DojahAPI
from kro_sandbox.fincra.service import Fincra
from kro_sandbox.paystack.service import Paystack
from kro_sandbox.providus.service import Providus
from kro_sandbox.recaptcha.api import RecaptchaAPI
from kro_sandbox.s3.api import S3API
from kro_sandbox.sendgrid.api import SendGridAPI
from kro_sandbox.sendgrid.events import SendGridEvents
from kro_sandbox.settings import SandboxSettings
from kro_sandbox.termii.api import TermiiAPI
from kro_sandbox.texts import Texts


class Sandbox:
    """All stand-ins and what they share."""

    def __init__(self, *, settings: SandboxSettings, clock: Clock) -> None:
        self.settings = settings
        self.options = Options.initial(settings)
        self.faults = FaultBook()
        self.background = Background()
        self.inbox = Inbox(clock=clock)
        self.webhooks = WebhookSender(
            clock=clock,
            background=self.background,
            faults=self.faults,
            options=self.options,
            retry_delays=settings.retry_delays,
            timeout=settings.webhook_timeout,
        )
        self.paystack = Paystack(
            settings=settings,
            clock=clock,
            ids=NumericIds(),
            faults=self.faults,
            options=self.options,
            background=self.background,
            webhooks=self.webhooks,
        )
        self.fincra = Fincra(
            settings=settings,
            clock=clock,
            ids=NumericIds(),
            faults=self.faults,
            options=self.options,
            background=self.background,
            webhooks=self.webhooks,
        )
        self.providus = Providus(
            settings=settings,
            clock=clock,
            ids=NumericIds(),
            faults=self.faults,
            options=self.options,
            background=self.background,
            webhooks=self.webhooks,
        )
        self.termii = TermiiAPI(
            settings=settings,
            clock=clock,
            faults=self.faults,
            options=self.options,
            background=self.background,
            webhooks=self.webhooks,
            messages=self.inbox,
        )
        self.texts = Texts(
            settings=settings,
            clock=clock,
            faults=self.faults,
            options=self.options,
            background=self.background,
            webhooks=self.webhooks,
            messages=self.inbox,
        )
        self.dojah = DojahAPI(settings=settings, faults=self.faults)
        self.s3 = S3API(settings=settings, clock=clock, faults=self.faults)
        self.recaptcha = RecaptchaAPI(settings=settings, clock=clock, faults=self.faults)
        self.sendgrid = self._make_sendgrid()

    def _make_sendgrid(self) -> SendGridAPI:
        events = SendGridEvents(
            seed=self.settings.sendgrid_signing_seed,
            options=self.options,
            background=self.background,
            webhooks=self.webhooks,
        )
        return SendGridAPI(settings=self.settings, faults=self.faults, messages=self.inbox, events=events)

    def public_url(self, request: Request) -> str:
        """Tell where a browser finds the sandbox: as configured, or else as the caller found it."""
        return (self.settings.public_url or str(request.base_url)).rstrip("/")

    def reset(self) -> None:
        """Forget everything, stop what is under way, take the options from the start again."""
        self.background.cancel()
        self.faults.clear()
        self.inbox.clear()
        self.webhooks.clear()
        self.options.become(Options.initial(self.settings))
        self.paystack.reset()
        self.fincra.reset()
        self.providus.reset()
        self.termii.reset()
        self.s3.reset()
        self.recaptcha.reset()

    async def close(self) -> None:
        await self.background.close()
        await self.webhooks.close()
