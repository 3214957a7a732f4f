"""Orders as they are written for clients: plain documents, for this is what is asked for all the time.

:class:`OrderRead` and :class:`OrderSummaryRead` describe them to clients; tests hold both together byte by byte.
"""

from __future__ import annotations

from collections.abc import Mapping

from kro.core.decisions import Reply
from kro.core.http import written
from kro.core.ids import show_id
from kro.order.controller.issue_views import IssueRead, OfferRead
from kro.order.database.lists import OrderSummary
from kro.order.database.records import Condition, OrderState
from kro.order.domain.handover_codes import MAX_TRIES
from kro.order.domain.lifecycle import allowed_commands

Document = Mapping[str, object]


def order_document(state: OrderState) -> Document:
    """Return an order as its viewer sees it; :class:`OrderRead` describes it."""
    order, currency = state.order, state.order.currency
    fees = order.fees
    issue = state.issue if state.issue is not None and not state.issue.status.is_over else None
    return {
        "id": show_id("ord", order.id),
        "role": state.viewer,
        "status": order.status,
        "funding_status": order.funding_status,
        "close_reason": order.close_reason,
        "on_hold": order.on_hold,
        "order_type": order.order_type,
        "title": order.title,
        "description": order.description,
        "amount": _money(order.amount, currency),
        "fees": {
            "buyer_share_bps": order.buyer_share_bps,
            "fee_buyer": _money(order.fee_buyer, currency),
            "fee_seller": _money(order.fee_seller, currency),
            "vat_buyer": _money(order.vat_buyer, currency),
            "vat_seller": _money(order.vat_seller, currency),
            "buyer_pays": _money(fees.buyer_pays, currency),
            "seller_receives": _money(fees.seller_receives, currency),
        },
        "held": _money(order.held, currency),
        "released": _money(order.released_amount, currency),
        "refunded": _money(order.refunded_amount, currency),
        "terms": {
            "version": order.terms_version,
            "hash": order.terms_hash,
            "accepted_hash": order.accepted_hash,
            "code_is_acceptance": order.code_is_acceptance,
        },
        "revisions": {"agreed": order.revisions, "used": order.revisions_used},
        "buyer": {"id": show_id("usr", order.buyer_id), "display_name": state.buyer_name},
        "seller": {"id": show_id("usr", order.seller_id), "display_name": state.seller_name},
        "conditions": [_condition(condition, currency) for condition in state.conditions],
        "deadlines": {
            "accept_by": order.accept_by,
            "fund_by": order.fund_by,
            "deliver_by": order.deliver_by,
            "inspect_by": order.inspect_by,
        },
        "issue": IssueRead.of(issue, currency).model_dump(mode="json") if issue is not None else None,
        "offers": [OfferRead.of(offer, currency).model_dump(mode="json") for offer in state.offers],
        "allowed_actions": list(allowed_commands(state, state.viewer)),
        "last_seq": order.last_seq,
        "version": order.version,
        "created_at": order.created_at,
        "updated_at": order.updated_at,
        "ended_at": order.ended_at,
    }


def _condition(condition: Condition, currency: str) -> Document:
    return {
        "id": show_id("cnd", condition.id),
        "position": condition.position,
        "kind": condition.kind,
        "title": condition.title,
        "description": condition.description,
        "confirmed_by": condition.confirmed_by,
        "required": condition.required,
        "evidence_required": condition.evidence_required,
        "deemed_on_timeout": condition.deemed_on_timeout,
        "status": condition.status,
        "note": condition.note,
        "evidence_ids": [show_id("evd", evidence_id) for evidence_id in condition.evidence_ids],
        "submitted_at": condition.submitted_at,
        "settled_at": condition.settled_at,
        "settled_by": condition.settled_by,
        "rejection_reason": condition.rejection_reason,
        "amount": _money(condition.amount, currency) if condition.amount else None,
        "not_before": condition.not_before,
        "inspect_by": condition.inspect_by,
        "code_tries_left": max(MAX_TRIES - condition.code_tries, 0) if condition.code_hash else None,
    }


def _money(amount: int, currency: str) -> Document:
    return {"amount": amount, "currency": currency}


def summary_item(summary: OrderSummary) -> Mapping[str, object]:
    """Return an order as it stands in a list, plainly: what :class:`OrderSummaryRead` describes."""
    return {
        "id": show_id("ord", summary.id),
        "role": summary.role,
        "status": summary.status,
        "funding_status": summary.funding_status,
        "order_type": summary.order_type,
        "title": summary.title,
        "amount": _money(summary.amount, summary.currency),
        "counterparty": {
            "id": show_id("usr", summary.counterparty_id),
            "display_name": summary.counterparty_name,
        },
        "created_at": summary.created_at,
        "updated_at": summary.updated_at,
    }


def render_order(state: OrderState) -> Reply:
    """Answer with the order."""
    return Reply(status=200, body=written(order_document(state)))


def render_new_order(state: OrderState) -> Reply:
    """Answer that the order was created."""
    return Reply(status=201, body=written(order_document(state)))
