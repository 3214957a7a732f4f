"""Collecting money and paying it out: starting, following and hearing of both."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from kro.bootstrap.foundation import Foundation
from kro.bootstrap.providers import Providers
from kro.payment.database.due import DueTransactions
from kro.payment.database.payments import PaymentRepository
from kro.payment.database.payouts import PayoutRepository
from kro.payment.database.reads import TransactionReads
from kro.payment.database.webhooks import WebhookRepository
from kro.payment.domain import (
    AdminPayoutReads,
    CollectionRules,
    CollectionService,
    PaymentPoller,
    PaymentReads,
    PaymentStarter,
    PayoutReads,
    PayoutRules,
    PayoutService,
    PayoutSubmitter,
    PayoutTracker,
    ReceiptListener,
    WebhookAdmin,
    WebhookIntake,
    WebhookProcessor,
)


@dataclass(frozen=True, slots=True)
class Collecting:
    """Money on its way in."""

    starter: PaymentStarter
    collections: CollectionService
    reads: PaymentReads


@dataclass(frozen=True, slots=True)
class PayingOut:
    """Money on its way out."""

    payouts: PayoutService
    submitter: PayoutSubmitter
    tracker: PayoutTracker
    reads: PayoutReads
    admin_reads: AdminPayoutReads


@dataclass(frozen=True, slots=True)
class Listening:
    """What the providers say of both, told or asked for."""

    intake: WebhookIntake
    webhooks: WebhookProcessor
    webhook_admin: WebhookAdmin
    poller: PaymentPoller


def build_collecting(base: Foundation, providers: Providers, *, listeners: Sequence[ReceiptListener]) -> Collecting:
    """Join what collects; ``listeners`` act on a receipt in the write that credits it."""
    vendor = providers.payments
    shared: dict[str, Any] = _shared(base) | {
        "payments": PaymentRepository(base.database),
        "rules": collection_rules(base),
    }
    return Collecting(
        starter=PaymentStarter(provider=vendor.checkout, **shared),
        collections=CollectionService(provider=vendor.collections, listeners=listeners, **shared),
        reads=PaymentReads(TransactionReads(base.database)),
    )


def build_paying_out(base: Foundation, providers: Providers) -> PayingOut:
    """Join what pays out."""
    vendor, reads = providers.payments, TransactionReads(base.database)
    shared: dict[str, Any] = _shared(base) | {"payouts": PayoutRepository(base.database)}
    rules = payout_rules(base, vendor.name)
    submitter = PayoutSubmitter(provider=vendor.transfer_sender, cipher=base.cipher, rules=rules, **shared)
    return PayingOut(
        payouts=PayoutService(two_factor=base.two_factor, **shared),
        submitter=submitter,
        tracker=PayoutTracker(provider=vendor.transfer_reader, submitter=submitter, rules=rules, **shared),
        reads=PayoutReads(reads),
        admin_reads=AdminPayoutReads(reads),
    )


def build_listening(base: Foundation, providers: Providers, collecting: Collecting, paying_out: PayingOut) -> Listening:
    """Join the ways in which a provider's answer reaches a payment or a payout."""
    vendor, webhooks = providers.payments, WebhookRepository(base.database)
    followers: dict[str, Any] = {"collections": collecting.collections, "payouts": paying_out.tracker}
    return Listening(
        intake=WebhookIntake(
            webhooks=webhooks,
            verifiers={vendor.name: vendor.webhooks},
            cipher=base.cipher,
            clock=base.clock,
            ids=base.ids,
        ),
        webhooks=WebhookProcessor(webhooks=webhooks, clock=base.clock, **followers),
        webhook_admin=WebhookAdmin(webhooks=webhooks, clock=base.clock, ids=base.ids),
        poller=PaymentPoller(due=DueTransactions(base.database), clock=base.clock, **followers),
    )


def collection_rules(base: Foundation) -> CollectionRules:
    app = base.settings.app
    return CollectionRules(
        callback_url=app.payment_return_url or f"{app.public_base_url}/v1/public/payment-return",
        payer_email_domain=base.settings.send_grid.from_email.partition("@")[2],
    )


def payout_rules(base: Foundation, provider: str) -> PayoutRules:
    payouts = base.settings.payouts
    return PayoutRules(
        provider=provider,
        fee_minor=payouts.fee_minor,
        vat_bps=base.settings.fees.vat_bps,
        second_approver_above_minor=payouts.second_approver_above_minor,
        poll_seconds=payouts.poll_seconds,
    )


def _shared(base: Foundation) -> dict[str, Any]:
    return {"runner": base.runner, "clock": base.clock, "ids": base.ids}
