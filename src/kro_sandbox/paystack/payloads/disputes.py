from datetime import timedelta

from kro_sandbox.core.clock import iso, iso_or_none
from kro_sandbox.core.wire import JSONObject
from kro_sandbox.paystack.payloads.transactions import customer_body, transaction_body
from kro_sandbox.paystack.state import INTEGRATION, Dispute

_ANSWER_WITHIN = timedelta(days=2)


def dispute_body(dispute: Dispute) -> JSONObject:
    """Write a dispute, for the API and the webhooks alike."""
    tx = dispute.transaction
    return {
        "id": dispute.id,
        "refund_amount": dispute.amount,
        "currency": tx.currency,
        "status": dispute.status,
        "resolution": dispute.resolution,
        "domain": "test",
        "integration": INTEGRATION,
        "transaction": transaction_body(tx),
        "transaction_reference": None,
        "category": "chargeback",
        "customer": customer_body(tx.customer),
        "bin": None,
        "last4": None,
        "dueAt": iso(dispute.created_at + _ANSWER_WITHIN),
        "resolvedAt": iso_or_none(dispute.resolved_at),
        "evidence": None,
        "attachments": "",
        "note": None,
        "history": [{"status": dispute.status, "by": tx.customer.email, "createdAt": iso(dispute.created_at)}],
        "messages": [],
        "created_at": iso(dispute.created_at),
        "updated_at": iso(dispute.updated_at),
    }
