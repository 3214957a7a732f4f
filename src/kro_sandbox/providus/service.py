from datetime import timedelta

from kro_sandbox.core.background import Background
from kro_sandbox.core.clock import Clock
from kro_sandbox.core.faults import FaultBook
from kro_sandbox.core.options import Options
from kro_sandbox.core.tokens import NumericIds
from kro_sandbox.core.webhooks import WebhookSender
from kro_sandbox.providus.collecting import Collecting
from kro_sandbox.providus.events import Events, signature
from kro_sandbox.providus.state import ProvidusState
from kro_sandbox.providus.transfers import Transfers
from kro_sandbox.settings import SandboxSettings


class Providus:
    """One merchant's Providus in memory; `reset` makes it a new one."""

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
        self.client_id = settings.providus_client
        self.signature = signature(settings.providus_client, settings.providus_key)
        self.login = settings.providus_login
        self.account_number = settings.providus_account
        self.events = Events(webhooks=webhooks, client_id=settings.providus_client, client_secret=settings.providus_key)
        self._settings = settings
        self._clock = clock
        self._ids = ids
        self._faults = faults
        self._options = options
        self._background = background
        self.reset()

    def reset(self) -> None:
        self.state = ProvidusState(ids=self._ids, opening=self._settings.opening_balance)
        self.collecting = Collecting(
            state=self.state,
            clock=self._clock,
            faults=self._faults,
            options=self._options,
            events=self.events,
            lifetime=timedelta(seconds=self._settings.providus_dynamic_seconds),
            fee=self._settings.providus_fee,
        )
        self.transfers = Transfers(
            state=self.state,
            clock=self._clock,
            faults=self._faults,
            options=self._options,
            background=self._background,
            own_account=self.account_number,
        )
