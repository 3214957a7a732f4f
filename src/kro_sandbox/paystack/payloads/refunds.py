from datetime import timedelta

from kro_sandbox.core.clock import iso, iso_or_none
from kro_sandbox.core.wire import JSONObject
from kro_sandbox.paystack.state import INTEGRATION, Refund, RefundStatus, Transaction

_REFUND_TAKES = timedelta(days=9)


def refund_body(refund: Refund, *, created: bool) -> JSONObject:
    """Write a refund: `transaction` is an object in the answer to its creation and an id everywhere else."""
    return {
        "transaction": _refunded_transaction(refund.transaction) if created else refund.transaction.id,
        "integration": INTEGRATION,
        "deducted_amount": 0 if created else refund.amount,
        "channel": None,
        "merchant_note": refund.merchant_note,
        "customer_note": refund.customer_note,
        "status": refund.status,
        "refunded_by": "sandbox@example.com",
        "expected_at": iso(refund.created_at + _REFUND_TAKES),
        "currency": refund.currency,
        "domain": "test",
        "amount": refund.amount,
        "fully_deducted": not created,
        "id": refund.id,
        "createdAt": iso(refund.created_at),
        "updatedAt": iso(refund.updated_at),
    }


def _refunded_transaction(tx: Transaction) -> JSONObject:
    return {
        "id": tx.id,
        "domain": "test",
        "reference": tx.reference,
        "amount": tx.amount,
        "paid_at": iso_or_none(tx.paid_at),
        "channel": "card",
        "currency": tx.currency,
        "authorization": {"exp_month": None, "exp_year": None, "account_name": None},
        "customer": {"international_format_phone": None},
        "plan": {},
        "subaccount": {"currency": None},
        "split": {},
        "order_id": None,
        "paidAt": iso_or_none(tx.paid_at),
        "pos_transaction_data": None,
        "source": None,
        "fees_breakdown": None,
    }


def refund_event(refund: Refund) -> JSONObject:
    """Write the `data` of `refund.*`: string amount, no id except where the customer's details are needed."""
    customer = {"first_name": None, "last_name": None, "email": refund.transaction.customer.email}
    data: JSONObject = {
        "status": refund.status,
        "transaction_reference": refund.transaction.reference,
        "refund_reference": refund.reference,
        "amount": str(refund.amount),
        "currency": refund.currency,
    }
    if refund.status is RefundStatus.NEEDS_ATTENTION:
        data |= {"id": str(refund.id), "customer_note": refund.customer_note, "merchant_note": refund.merchant_note}
    else:
        data |= {"processor": "mpgs_zen"}
    return data | {"customer": customer, "integration": INTEGRATION, "domain": "test"}
