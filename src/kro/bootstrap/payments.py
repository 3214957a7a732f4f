"""Collecting money and paying it out: starting, following and hearing of both."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from kro.bootstrap.choosing import Choosing
from kro.bootstrap.foundation import Foundation
from kro.bootstrap.providers import Providers
from kro.core.audit import AuditTrail
from kro.core.config import Settings
from kro.payment.database.due import DueTransactions
from kro.payment.database.inflows import InflowRepository
from kro.payment.database.lent_accounts import LentAccountRepository
from kro.payment.database.payers import PayerRepository
from kro.payment.database.payments import PaymentRepository
from kro.payment.database.payouts import PayoutRepository
from kro.payment.database.reads import TransactionReads
from kro.payment.database.stuck import StuckPayouts
from kro.payment.database.top_ups import TopUpRepository
from kro.payment.database.webhook_bodies import WebhookBodyRepository
from kro.payment.database.webhooks import WebhookRepository
from kro.payment.domain import (
    AccountLending,
    AdminPayoutReads,
    CollectionRules,
    CollectionService,
    DutyBearer,
    Follow,
    InflowService,
    PayerReads,
    Payers,
    PaymentPoller,
    PaymentReads,
    PaymentStarter,
    PayoutAlarms,
    PayoutReads,
    PayoutResolutions,
    PayoutRules,
    PayoutService,
    PayoutSubmitter,
    PayoutTracker,
    ReceiptListener,
    TopUps,
    WebhookAdmin,
    WebhookBodies,
    WebhookIntake,
    WebhookProcessor,
    WebhookSubject,
)
from kro.payment.domain.webhook_intake import Network
from kro.payment.providers import Capability


@dataclass(frozen=True, slots=True)
class Collecting:
    """Money on its way in."""

    starter: PaymentStarter
    collections: CollectionService
    inflows: InflowService
    lending: AccountLending
    payers: PayerReads
    reads: PaymentReads
    top_ups: TopUps


@dataclass(frozen=True, slots=True)
class PayingOut:
    """Money on its way out."""

    payouts: PayoutService
    submitter: PayoutSubmitter
    tracker: PayoutTracker
    alarms: PayoutAlarms
    resolutions: PayoutResolutions
    reads: PayoutReads
    admin_reads: AdminPayoutReads


@dataclass(frozen=True, slots=True)
class Listening:
    """What the providers say of both, told or asked for."""

    intake: WebhookIntake
    webhooks: WebhookProcessor
    webhook_admin: WebhookAdmin
    bodies: WebhookBodies
    poller: PaymentPoller


def build_collecting(
    base: Foundation, providers: Providers, choosing: Choosing, *, listeners: Sequence[ReceiptListener]
) -> Collecting:
    """Join what collects; ``listeners`` act on a receipt in the write that credits it."""
    vendors = providers.payments
    shared: dict[str, Any] = _shared(base) | {
        "rules": collection_rules(base),
        "providers": vendors,
    }
    payments, payers = PaymentRepository(base.database), Payers(base.cipher)
    crediting: dict[str, Any] = shared | {"listeners": listeners, "payers": payers}
    return Collecting(
        starter=PaymentStarter(payments=payments, board=choosing.board, **shared),
        collections=CollectionService(payments=payments, **crediting),
        inflows=InflowService(inflows=InflowRepository(base.database), **crediting),
        payers=PayerReads(PayerRepository(base.database, ids=base.ids), payers),
        lending=AccountLending(accounts=LentAccountRepository(base.database), board=choosing.board, **shared),
        reads=PaymentReads(TransactionReads(base.database)),
        top_ups=TopUps(
            repository=TopUpRepository(base.database),
            board=choosing.board,
            tiers=base.tiers,
            **_shared(base),
        ),
    )


def build_paying_out(base: Foundation, providers: Providers, choosing: Choosing) -> PayingOut:
    """Join what pays out."""
    vendors, reads = providers.payments, TransactionReads(base.database)
    shared: dict[str, Any] = _shared(base) | {"payouts": PayoutRepository(base.database)}
    rules, stuck = payout_rules(base, vendors.home.name), StuckPayouts(base.database)
    submitter = PayoutSubmitter(providers=vendors, board=choosing.board, cipher=base.cipher, rules=rules, **shared)
    return PayingOut(
        payouts=PayoutService(two_factor=base.two_factor, **shared),
        submitter=submitter,
        tracker=PayoutTracker(providers=vendors, submitter=submitter, rules=rules, **shared),
        alarms=PayoutAlarms(stuck=stuck, rules=rules, **shared),
        resolutions=PayoutResolutions(stuck=stuck, two_factor=base.two_factor, rules=rules, **_shared(base)),
        reads=PayoutReads(reads),
        admin_reads=AdminPayoutReads(reads),
    )


def build_listening(
    base: Foundation,
    providers: Providers,
    collecting: Collecting,
    paying_out: PayingOut,
    *,
    others: Mapping[WebhookSubject, Follow],
    unmatched: Follow,
) -> Listening:
    """Join the ways in which a provider's answer reaches a payment, a payout or one of the ``others``.

    ``unmatched`` takes in money of payments that stay unknown to us.
    """
    webhooks = WebhookRepository(base.database)
    speaking = providers.payments.offering(Capability.WEBHOOKS)
    followers: dict[str, Any] = {"collections": collecting.collections, "payouts": paying_out.tracker}
    return Listening(
        intake=WebhookIntake(
            webhooks=webhooks,
            verifiers={vendor.name: vendor.webhooks for vendor in speaking},
            acknowledgers={vendor.name: vendor.acknowledger for vendor in speaking},
            networks=_networks(base.settings),
            cipher=base.cipher,
            clock=base.clock,
            ids=base.ids,
        ),
        webhooks=WebhookProcessor(webhooks=webhooks, clock=base.clock, others=others, unmatched=unmatched, **followers),
        webhook_admin=WebhookAdmin(webhooks=webhooks, clock=base.clock, ids=base.ids),
        bodies=WebhookBodies(
            WebhookBodyRepository(base.database),
            cipher=base.cipher,
            trail=AuditTrail(base.database, ids=base.ids),
        ),
        poller=PaymentPoller(due=DueTransactions(base.database), clock=base.clock, **followers),
    )


def _networks(settings: Settings) -> Mapping[str, Sequence[Network]]:
    return {
        "paystack": settings.paystack.webhook_networks,
        "fincra": settings.fincra.webhook_networks,
        "providus": settings.providus.webhook_networks if settings.providus is not None else (),
    }


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
        second_approver_above_minor=payouts.second_approver_above_minor,
        duty_bearer=DutyBearer(payouts.stamp_duty_bearer),
        max_per_hour=payouts.max_per_hour,
        max_per_day=payouts.max_per_day,
        poll_seconds=payouts.poll_seconds,
    )


def _shared(base: Foundation) -> dict[str, Any]:
    return {"runner": base.runner, "clock": base.clock, "ids": base.ids}
