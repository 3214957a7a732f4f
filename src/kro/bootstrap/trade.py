"""Orders, payments, payouts and refunds, and how each hears of the others."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from kro.bootstrap.foundation import Foundation
from kro.bootstrap.providers import Providers
from kro.kro_balance.domain import BalanceReads, QuoteRepository, QuoteService, QuoteTerms
from kro.management.domain import PayoutBasisStore, PayoutRequests
from kro.order.domain import (
    CreationRepository,
    EvidenceService,
    OrderReads,
    OrderReceipts,
    OrderRepository,
    OrderRules,
    OrderService,
    OrderTimeouts,
)
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
    WebhookAdmin,
    WebhookIntake,
    WebhookProcessor,
)
from kro.refund.domain import record_wallet_refund


@dataclass(frozen=True, slots=True)
class Trade:
    """Every service that moves money or state."""

    fees: QuoteService
    balances: BalanceReads
    orders: OrderService
    order_repository: OrderRepository
    order_reads: OrderReads
    evidence: EvidenceService
    timeouts: OrderTimeouts
    payments: PaymentReads
    payouts: PayoutService
    payout_reads: PayoutReads
    admin_payouts: AdminPayoutReads
    payout_requests: PayoutRequests
    starter: PaymentStarter
    submitter: PayoutSubmitter
    poller: PaymentPoller
    intake: WebhookIntake
    webhooks: WebhookProcessor
    webhook_admin: WebhookAdmin


def build_trade(base: Foundation, providers: Providers) -> Trade:
    """Join orders and payments; a receipt funds its order in the write that credits it."""
    runner, clock, ids = base.runner, base.clock, base.ids
    vendor = providers.payments
    orders = OrderRepository(base.database)
    reads = OrderReads(base.database)
    payments = PaymentRepository(base.database)
    payouts = PayoutRepository(base.database)
    webhooks = WebhookRepository(base.database)
    transactions = TransactionReads(base.database)
    collecting, paying_out = collection_rules(base), payout_rules(base, vendor.name)
    collections = CollectionService(
        runner=runner,
        payments=payments,
        provider=vendor.collections,
        listeners=(OrderReceipts(orders=orders, ids=ids),),
        rules=collecting,
        clock=clock,
        ids=ids,
    )
    submitter = PayoutSubmitter(
        runner=runner,
        payouts=payouts,
        provider=vendor.transfer_sender,
        cipher=base.cipher,
        rules=paying_out,
        clock=clock,
        ids=ids,
    )
    tracker = PayoutTracker(
        runner=runner,
        payouts=payouts,
        provider=vendor.transfer_reader,
        submitter=submitter,
        rules=paying_out,
        clock=clock,
        ids=ids,
    )
    return Trade(
        fees=QuoteService(
            runner=runner, quotes=QuoteRepository(base.database), terms=quote_terms(base), clock=clock, ids=ids
        ),
        balances=BalanceReads(base.database),
        orders=OrderService(
            runner=runner,
            orders=orders,
            creations=CreationRepository(base.database),
            rules=order_rules(base),
            provider=vendor.name,
            refund_hook=record_wallet_refund,
            clock=clock,
            ids=ids,
        ),
        order_repository=orders,
        order_reads=reads,
        evidence=EvidenceService(
            runner=runner, orders=orders, reads=reads, store=providers.files, clock=clock, ids=ids
        ),
        timeouts=OrderTimeouts(
            runner=runner, orders=orders, ask_providers=collections.refresh_order, clock=clock, ids=ids
        ),
        payments=PaymentReads(transactions),
        payouts=PayoutService(runner=runner, payouts=payouts, two_factor=base.two_factor, clock=clock, ids=ids),
        payout_reads=PayoutReads(transactions),
        admin_payouts=AdminPayoutReads(transactions),
        payout_requests=PayoutRequests(
            PayoutBasisStore(base.database),
            runner=runner,
            rules=paying_out,
            kyc=base.settings.kyc,
            clock=clock,
            ids=ids,
        ),
        starter=PaymentStarter(
            runner=runner, payments=payments, provider=vendor.checkout, rules=collecting, clock=clock, ids=ids
        ),
        submitter=submitter,
        poller=PaymentPoller(due=DueTransactions(base.database), collections=collections, payouts=tracker, clock=clock),
        intake=WebhookIntake(
            webhooks=webhooks, verifiers={vendor.name: vendor.webhooks}, cipher=base.cipher, clock=clock, ids=ids
        ),
        webhooks=WebhookProcessor(webhooks=webhooks, collections=collections, payouts=tracker, clock=clock),
        webhook_admin=WebhookAdmin(webhooks=webhooks, clock=clock, ids=ids),
    )


def order_rules(base: Foundation) -> OrderRules:
    orders, kyc = base.settings.orders, base.settings.kyc
    return OrderRules(
        accept_within=timedelta(hours=orders.accept_hours),
        fund_within=timedelta(hours=orders.fund_hours),
        goods_inspection_hours=orders.inspect_hours,
        service_inspection_hours=orders.service_inspect_hours,
        overdue_grace=timedelta(hours=orders.overdue_grace_hours),
        tier_currency=kyc.currency,
        tier_limits=tuple(tier.order_max_minor for tier in kyc.tiers),
    )


def quote_terms(base: Foundation) -> QuoteTerms:
    fees = base.settings.fees
    return QuoteTerms(vat_bps=fees.vat_bps, lifetime=timedelta(minutes=fees.quote_minutes))


def collection_rules(base: Foundation) -> CollectionRules:
    return CollectionRules(
        callback_url=f"{base.settings.app.public_base_url}/v1/public/paid",
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
