from kro_sandbox.core.background import Background
from kro_sandbox.core.clock import Clock
from kro_sandbox.core.faults import FaultBook
from kro_sandbox.core.options import Options
from kro_sandbox.core.tokens import NumericIds
from kro_sandbox.core.webhooks import WebhookSender
from kro_sandbox.paystack.accounts import Accounts
from kro_sandbox.paystack.charges import Charges
from kro_sandbox.paystack.customers import Customers
from kro_sandbox.paystack.disputes import Disputes
from kro_sandbox.paystack.events import Events
from kro_sandbox.paystack.recipients import Recipients
from kro_sandbox.paystack.refunds import Refunds
from kro_sandbox.paystack.state import PaystackState
from kro_sandbox.paystack.transfers import Transfers
from kro_sandbox.settings import SandboxSettings


class Paystack:
    """One merchant's Paystack in memory; `reset` makes it a new one."""

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
        self.secret_key = settings.paystack_key
        self.events = Events(webhooks=webhooks, secret_key=settings.paystack_key)
        self._settings = settings
        self._clock = clock
        self._ids = ids
        self._faults = faults
        self._options = options
        self._background = background
        self.reset()

    def reset(self) -> None:
        clock, faults, options, background = self._clock, self._faults, self._options, self._background
        state = PaystackState(clock=clock, ids=self._ids, opening=self._settings.opening_balance)
        self.state = state
        self.customers = Customers(state=state, clock=clock)
        self.charges = Charges(state=state, clock=clock, faults=faults, events=self.events, customers=self.customers)
        self.accounts = Accounts(state=state, clock=clock, events=self.events, customers=self.customers)
        self.recipients = Recipients(state=state, clock=clock)
        self.transfers = Transfers(
            state=state,
            clock=clock,
            faults=faults,
            options=options,
            background=background,
            events=self.events,
            recipients=self.recipients,
        )
        self.disputes = Disputes(state=state, clock=clock, events=self.events)
        self.refunds = Refunds(
            state=state, clock=clock, faults=faults, options=options, background=background, events=self.events
        )
