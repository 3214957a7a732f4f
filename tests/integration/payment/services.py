"""What the worker and the routes would build, against a pretended vendor and a real database."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from kro.core.clock import FrozenClock
from kro.core.database.decisions import DecisionWriter
from kro.core.database.pool import Database
from kro.core.decisions import DecisionRunner
from kro.core.encryption import FieldCipher
from kro.core.http import render_problem
from kro.core.ids import SystemIdSource
from kro.core.outgoing.call_log import CallLog
from kro.core.two_factor import TwoFactor
from kro.kro_balance.domain import TaxKind, TaxRule
from kro.payment.database.due import DueTransactions
from kro.payment.database.inflows import InflowRepository
from kro.payment.database.lent_accounts import LentAccountRepository
from kro.payment.database.payments import PaymentRepository
from kro.payment.database.payouts import PayoutRepository
from kro.payment.database.provider_switches import SwitchRepository
from kro.payment.database.reads import TransactionReads
from kro.payment.database.stuck import StuckPayouts
from kro.payment.database.webhooks import WebhookRepository
from kro.payment.domain import (
    AccountLending,
    AdminPayoutReads,
    CollectionRules,
    CollectionService,
    InflowService,
    Payers,
    PaymentPoller,
    PaymentStarter,
    PayoutAlarms,
    PayoutResolutions,
    PayoutRules,
    PayoutService,
    PayoutSubmitter,
    PayoutTracker,
    ProviderBoard,
    ReceiptListener,
    SuspenseRepository,
    SuspenseService,
    WebhookIntake,
    WebhookProcessor,
)
from kro.payment.providers import Capability, PaymentProvider, ProviderDirectory, TransferSender, WebhookSubject
from kro.payment.providers.fake import FakePaystack
from vendors import vendor_but

COLLECTION_RULES = CollectionRules(callback_url="https://kro.example/paid", payer_email_domain="payers.kro.example")
PAYOUT_RULES = PayoutRules(
    provider="paystack",
    fee_minor=5_000,
    second_approver_above_minor=100_000_000,
    max_per_hour=10_000,
    max_per_day=10_000,
)
VAT = TaxRule(
    id=UUID(int=1),
    kind=TaxKind.VAT,
    currency="NGN",
    rate_bps=750,
    fixed_minor=None,
    threshold_minor=0,
    effective_from=datetime(2020, 2, 1, tzinfo=UTC),
    effective_to=None,
)


@dataclass
class PaymentServices:
    """``clock`` is frozen and the vendor does only what a test tells it; ids are real, so that rivals differ."""

    database: Database
    listeners: Sequence[ReceiptListener] = ()
    sender: TransferSender | None = None
    others: Sequence[PaymentProvider] = ()
    rules: PayoutRules = PAYOUT_RULES
    taxes: Sequence[TaxRule] = (VAT,)
    provider: FakePaystack = field(default_factory=FakePaystack)
    clock: FrozenClock = field(default_factory=FrozenClock)
    ids: SystemIdSource = field(default_factory=SystemIdSource)

    def __post_init__(self) -> None:
        self.runner = DecisionRunner(DecisionWriter(self.database), render_problem=render_problem)
        self.cipher = FieldCipher(keys={"k1": bytes(32)}, active_key_id="k1")
        self.two_factor = TwoFactor(self.database, cipher=self.cipher, clock=self.clock)
        self.vendor = self.provider.provider
        if self.sender is not None:
            self.vendor = vendor_but(self.vendor, transfer_sender=self.sender)
        self.providers = ProviderDirectory((self.vendor, *self.others))
        self.board = ProviderBoard(
            providers=self.providers,
            switches=SwitchRepository(self.database),
            calls=CallLog(self.database, cipher=self.cipher, ids=self.ids),
            prices={},
            clock=self.clock,
        )
        shared: dict[str, Any] = {"runner": self.runner, "clock": self.clock, "ids": self.ids}
        self._collect(shared | {"providers": self.providers, "rules": COLLECTION_RULES})
        self._pay_out(shared)
        self._listen()

    def _collect(self, shared: dict[str, Any]) -> None:
        payments, payers = PaymentRepository(self.database), Payers(self.cipher)
        crediting: dict[str, Any] = shared | {"listeners": self.listeners, "payers": payers}
        self.starter = PaymentStarter(payments=payments, board=self.board, **shared)
        self.collections = CollectionService(payments=payments, **crediting)
        self.inflows = InflowService(inflows=InflowRepository(self.database), **crediting)
        self.lending = AccountLending(accounts=LentAccountRepository(self.database), board=self.board, **shared)

    def _pay_out(self, shared: dict[str, Any]) -> None:
        payouts, stuck = PayoutRepository(self.database), StuckPayouts(self.database)
        sending: dict[str, Any] = shared | {"payouts": payouts, "providers": self.providers, "rules": self.rules}
        self.submitter = PayoutSubmitter(board=self.board, cipher=self.cipher, **sending)
        self.tracker = PayoutTracker(submitter=self.submitter, **sending)
        self.alarms = PayoutAlarms(payouts=payouts, stuck=stuck, rules=self.rules, **shared)
        self.resolutions = PayoutResolutions(stuck=stuck, two_factor=self.two_factor, rules=self.rules, **shared)
        self.payouts = PayoutService(payouts=payouts, two_factor=self.two_factor, **shared)
        self.admin_reads = AdminPayoutReads(TransactionReads(self.database))
        self.suspense = SuspenseService(items=SuspenseRepository(self.database), providers=self.providers, **shared)

    def _listen(self) -> None:
        webhooks = WebhookRepository(self.database)
        followers: dict[str, Any] = {
            "collections": self.collections,
            "payouts": self.tracker,
            "clock": self.clock,
        }
        self.poller = PaymentPoller(due=DueTransactions(self.database), **followers)
        speaking = self.providers.offering(Capability.WEBHOOKS)
        self.intake = WebhookIntake(
            webhooks=webhooks,
            verifiers={vendor.name: vendor.webhooks for vendor in speaking},
            acknowledgers={vendor.name: vendor.acknowledger for vendor in speaking},
            cipher=self.cipher,
            clock=self.clock,
            ids=self.ids,
        )
        self.processor = WebhookProcessor(
            webhooks=webhooks,
            others={WebhookSubject.INFLOW: self.inflows.follow},
            unmatched=self.suspense.take_in,
            **followers,
        )
