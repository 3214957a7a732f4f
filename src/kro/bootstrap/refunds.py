"""Giving money back: asking for it, letting it go, sending and following it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from kro.bootstrap.foundation import Foundation
from kro.bootstrap.orders import Orders
from kro.bootstrap.providers import Providers
from kro.payment.providers import Capability
from kro.refund.domain import (
    AdminRefundReads,
    ChargebackRepository,
    ChargebackRules,
    ChargebackService,
    FeeBearer,
    ReceivableRepository,
    ReceivableService,
    RefundApprovals,
    RefundReadRepository,
    RefundReads,
    RefundRepository,
    RefundRequests,
    RefundRules,
    RefundSubmitter,
    RefundTracker,
    UnheardDisputes,
)


@dataclass(frozen=True, slots=True)
class Refunding:
    """Money on its way back."""

    requests: RefundRequests
    approvals: RefundApprovals
    submitter: RefundSubmitter
    tracker: RefundTracker
    reads: RefundReads
    admin_reads: AdminRefundReads
    chargebacks: ChargebackService
    unheard_disputes: UnheardDisputes | None
    """Only where the provider lists its disputes."""
    debts: ReceivableService


def build_refunding(base: Foundation, providers: Providers, orders: Orders) -> Refunding:
    """Join what gives money back; ``orders`` is where an approved refund takes it from."""
    vendor, reads = providers.payments.home, RefundReadRepository(base.database)
    shared: dict[str, Any] = {
        "runner": base.runner,
        "refunds": RefundRepository(base.database),
        "rules": refund_rules(base, providers),
        "clock": base.clock,
        "ids": base.ids,
    }
    chargebacks = ChargebackRepository(base.database, orders=orders.repository)
    service = ChargebackService(
        runner=base.runner,
        chargebacks=chargebacks,
        provider=vendor.disputes,
        rules=chargeback_rules(base),
        clock=base.clock,
        ids=base.ids,
    )
    submitter = RefundSubmitter(providers=providers.payments, **shared)
    return Refunding(
        requests=RefundRequests(**shared),
        approvals=RefundApprovals(orders=orders.repository, two_factor=base.two_factor, **shared),
        submitter=submitter,
        tracker=RefundTracker(providers=providers.payments, submitter=submitter, **shared),
        reads=RefundReads(reads),
        admin_reads=AdminRefundReads(reads),
        chargebacks=service,
        unheard_disputes=unheard_disputes(base, providers, chargebacks, service),
        debts=ReceivableService(
            runner=base.runner, receivables=ReceivableRepository(base.database), clock=base.clock, ids=base.ids
        ),
    )


def unheard_disputes(
    base: Foundation, providers: Providers, chargebacks: ChargebackRepository, service: ChargebackService
) -> UnheardDisputes | None:
    """Return what finds disputes that no event told us of, if the provider lists them."""
    vendor = providers.payments.home
    if Capability.DISPUTE_LIST not in vendor.capabilities:
        return None
    return UnheardDisputes(
        provider=vendor.name,
        lister=vendor.dispute_list,
        chargebacks=chargebacks,
        service=service,
        look_back=timedelta(days=base.settings.chargebacks.look_back_days),
        clock=base.clock,
    )


def chargeback_rules(base: Foundation) -> ChargebackRules:
    settings = base.settings.chargebacks
    return ChargebackRules(
        fee_bearer=FeeBearer(settings.fee_bearer),
        poll_every=timedelta(hours=settings.poll_hours),
        warn_before=timedelta(hours=settings.warn_hours),
    )


def refund_rules(base: Foundation, providers: Providers) -> RefundRules:
    refunds = base.settings.refunds
    return RefundRules(
        approval_above_minor=refunds.approval_above_minor,
        second_approver_above_minor=refunds.second_approver_above_minor,
        refunding=frozenset(vendor.name for vendor in providers.payments.offering(Capability.REFUND_SENDER)),
        max_attempts=refunds.max_attempts,
        retry_seconds=refunds.retry_seconds,
        poll_seconds=refunds.poll_seconds,
    )
