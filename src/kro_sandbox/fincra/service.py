from kro_sandbox.core.background import Background
from kro_sandbox.core.clock import Clock
from kro_sandbox.core.faults import FaultBook
from kro_sandbox.core.options import Options
from kro_sandbox.core.tokens import NumericIds
from kro_sandbox.core.webhooks import WebhookSender
from kro_sandbox.fincra.collecting import Collecting
from kro_sandbox.fincra.events import Events
from kro_sandbox.fincra.payouts import Payouts
from kro_sandbox.fincra.state import FincraState
from kro_sandbox.settings import SandboxSettings


class Fincra:
    """One merchant's Fincra in memory; `reset` makes it a new one."""

    def __init__(
        self,
        *,
        settings: SandboxSettings,
        clock: Clock,
        ids: NumericIds,
        faults: FaultBook,
        options: Options,
        background: Background,
        webhooks: WebhookSender,
    ) -> None:
        self.secret_key = settings.fincra_key
        self.public_key = settings.fincra_public_key
        self.business = settings.fincra_business
        self.events = Events(webhooks=webhooks, options=options, secret_key=settings.fincra_webhook_key)
        self.clock = clock
        self._settings = settings
        self._ids = ids
        self._faults = faults
        self._options = options
        self._background = background
        self.reset()

    def reset(self) -> None:
        opening = self._settings.opening_balance
        state = FincraState(ids=self._ids, opening=opening, balance=opening)
        self.state = state
        self.collecting = Collecting(
            state=state, clock=self.clock, faults=self._faults, events=self.events, business=self.business
        )
        self.payouts = Payouts(
            state=state,
            clock=self.clock,
            faults=self._faults,
            options=self._options,
            background=self._background,
            events=self.events,
            business=self.business,
        )
