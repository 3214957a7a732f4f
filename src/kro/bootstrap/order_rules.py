"""What orders are allowed to be, from configuration."""

from __future__ import annotations

from datetime import timedelta

from kro.bootstrap.foundation import Foundation
from kro.core.kyc import Tiers
from kro.core.kyc.board import first_rules
from kro.kro_balance.domain import QuoteTerms
from kro.order.domain import CloseReason, DisputeRules, EvidenceRules, FeePolicy, OrderRules


def order_rules(base: Foundation) -> OrderRules:
    orders = base.settings.orders
    return OrderRules(
        accept_within=timedelta(hours=orders.accept_hours),
        fund_within=timedelta(hours=orders.fund_hours),
        goods_inspection_hours=orders.inspect_hours,
        service_inspection_hours=orders.service_inspect_hours,
        overdue_grace=timedelta(hours=orders.overdue_grace_hours),
        buyer_extension_hours=orders.buyer_extension_hours,
        revisions=orders.revisions,
        tiers=Tiers(first_rules(base.settings.kyc)),
        fee_policy=fee_policy(base),
        non_delivery_after=timedelta(days=orders.non_delivery_days),
        receipt_channels=orders.receipt_channels,
        receipt_extension=timedelta(hours=orders.receipt_extension_hours),
        receipt_extensions=orders.receipt_extensions,
        offer_within=timedelta(hours=orders.offer_hours),
        disputes=dispute_rules(base),
        amendment_within=timedelta(hours=orders.amendment_hours),
    )


def dispute_rules(base: Foundation) -> DisputeRules:
    disputes = base.settings.orders.disputes
    return DisputeRules(
        respond_within=timedelta(hours=disputes.respond_hours),
        negotiate_within=timedelta(hours=disputes.negotiate_hours),
        evidence_within=timedelta(hours=disputes.evidence_hours),
        decide_within=timedelta(days=disputes.decide_days),
        appeal_within=timedelta(hours=disputes.appeal_hours),
        appeal_decide_within=timedelta(days=disputes.appeal_decide_days),
        overdue_after=timedelta(days=disputes.overdue_days),
        second_admin_above=disputes.second_admin_above_minor,
    )


def evidence_rules(base: Foundation) -> EvidenceRules:
    evidence = base.settings.evidence
    return EvidenceRules(
        max_bytes=evidence.max_bytes,
        files_per_order=evidence.files_per_order,
        pending_per_user=evidence.pending_per_user,
        upload_within=timedelta(minutes=evidence.upload_minutes),
        complete_within=timedelta(minutes=evidence.complete_minutes),
        download_within=timedelta(minutes=evidence.download_minutes),
    )


def fee_policy(base: Foundation) -> FeePolicy:
    """Return what becomes of the buyer's fee, by the cause of a refund."""
    policy = base.settings.refunds.fee_policy
    return FeePolicy(frozenset(CloseReason(cause) for cause, fate in policy.items() if fate == "kept"))


def quote_terms(base: Foundation) -> QuoteTerms:
    return QuoteTerms(lifetime=timedelta(minutes=base.settings.fees.quote_minutes))
