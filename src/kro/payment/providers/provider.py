"""One vendor as a whole: what it can do, and what it says it cannot."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Generic, TypeVar, overload

from kro.payment.providers.acknowledgement import PlainAcknowledger, WebhookAcknowledger
from kro.payment.providers.disputes import DisputeLister, DisputeReader
from kro.payment.providers.history import HistoryReader
from kro.payment.providers.protocols import (
    AccountResolver,
    BankDirectory,
    CheckoutProvider,
    CollectionReader,
    RefundReader,
    RefundSender,
    TransferReader,
    TransferSender,
    WebhookVerifier,
)
from kro.payment.providers.virtual_accounts import (
    BalanceReader,
    InflowReader,
    OneTimeAccountIssuer,
    PermanentAccountIssuer,
)


class Capability(StrEnum):
    """What a vendor may offer; each is the name of an attribute of ``PaymentProvider``."""

    CHECKOUT = "checkout"
    COLLECTIONS = "collections"
    BANKS = "banks"
    ACCOUNTS = "accounts"
    TRANSFER_SENDER = "transfer_sender"
    TRANSFER_READER = "transfer_reader"
    REFUND_SENDER = "refund_sender"
    REFUND_READER = "refund_reader"
    HISTORY = "history"
    DISPUTES = "disputes"
    DISPUTE_LIST = "dispute_list"
    WEBHOOKS = "webhooks"
    ONE_TIME_ACCOUNTS = "one_time_accounts"
    PERMANENT_ACCOUNTS = "permanent_accounts"
    INFLOWS = "inflows"
    BALANCES = "balances"


class MissingCapabilityError(RuntimeError):
    """The program was wired to ask a vendor for something it does not offer."""

    def __init__(self, provider: str, capability: Capability) -> None:
        super().__init__(f"{provider} does not offer {capability}.")
        self.provider = provider
        self.capability = capability


OfferedT = TypeVar("OfferedT")


class _Offered(Generic[OfferedT]):
    """A field that is set to a capability or left out, and read as a capability that is there."""

    def __set_name__(self, owner: type[PaymentProvider], name: str) -> None:
        self._capability = Capability(name)
        self._slot = f"_{name}"

    @overload
    def __get__(self, provider: None, owner: type[PaymentProvider]) -> None: ...
    @overload
    def __get__(self, provider: PaymentProvider, owner: type[PaymentProvider]) -> OfferedT: ...
    def __get__(self, provider: PaymentProvider | None, owner: type[PaymentProvider]) -> OfferedT | None:
        if provider is None:
            return None
        offered: OfferedT | None = provider.__dict__[self._slot]
        if offered is None:
            raise MissingCapabilityError(provider.name, self._capability)
        return offered

    def __set__(self, provider: PaymentProvider, offered: OfferedT | None) -> None:
        provider.__dict__[self._slot] = offered


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class PaymentProvider:
    """One vendor's capabilities, for the place that wires them; a service asks only for those it uses.

    What a vendor lacks is left out: it is not in ``capabilities``, and reading it raises ``MissingCapabilityError``,
    so a wiring that needs it fails when the program starts and not when money should move. ``acknowledger`` says how
    its webhooks are answered, ``currencies`` what it takes, and ``operations`` by which name of a call the health of a
    capability is read.
    """

    name: str
    checkout: _Offered[CheckoutProvider] = _Offered()
    collections: _Offered[CollectionReader] = _Offered()
    banks: _Offered[BankDirectory] = _Offered()
    accounts: _Offered[AccountResolver] = _Offered()
    transfer_sender: _Offered[TransferSender] = _Offered()
    transfer_reader: _Offered[TransferReader] = _Offered()
    refund_sender: _Offered[RefundSender] = _Offered()
    refund_reader: _Offered[RefundReader] = _Offered()
    history: _Offered[HistoryReader] = _Offered()
    disputes: _Offered[DisputeReader] = _Offered()
    dispute_list: _Offered[DisputeLister] = _Offered()
    webhooks: _Offered[WebhookVerifier] = _Offered()
    one_time_accounts: _Offered[OneTimeAccountIssuer] = _Offered()
    permanent_accounts: _Offered[PermanentAccountIssuer] = _Offered()
    inflows: _Offered[InflowReader] = _Offered()
    balances: _Offered[BalanceReader] = _Offered()
    acknowledger: WebhookAcknowledger = field(default_factory=PlainAcknowledger)
    currencies: frozenset[str] = frozenset({"NGN"})
    operations: Mapping[Capability, str] = field(default_factory=dict)

    @property
    def capabilities(self) -> frozenset[Capability]:
        """Return what the vendor offers."""
        return frozenset(one for one in Capability if self.__dict__[f"_{one}"] is not None)
