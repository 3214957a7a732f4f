"""Paystack's JSON shapes, member by member as documented, inconsistencies included.

A transfer is snake_case with a session in `transfer.failed`, and camelCase with a fee in `transfer.success`; a refund's
amount is an integer in the API and a string in webhooks.
"""

from datetime import timedelta

from kro_sandbox.core.clock import iso, iso_or_none
from kro_sandbox.core.wire import JSONObject
from kro_sandbox.paystack.cards import find_card
from kro_sandbox.paystack.state import INTEGRATION, Customer, Recipient, Refund, Transaction, Transfer, TransferStatus

_CHARGE_MEMBERS = (
    "id",
    "domain",
    "status",
    "reference",
    "amount",
    "message",
    "gateway_response",
    "paid_at",
    "created_at",
    "channel",
    "currency",
    "ip_address",
    "metadata",
    "log",
    "fees",
    "customer",
    "authorization",
    "requested_amount",
)
_REFUND_TAKES = timedelta(days=9)


def customer_body(customer: Customer) -> JSONObject:
    return {
        "id": customer.id,
        "first_name": None,
        "last_name": None,
        "email": customer.email,
        "customer_code": customer.code,
        "phone": None,
        "metadata": None,
        "risk_action": "default",
        "international_format_phone": None,
    }


def authorization_body(tx: Transaction) -> JSONObject:
    card = find_card(tx.card_number)
    if card is None or tx.paid_at is None:
        return {}
    month, year = tx.card_expiry.split("/")
    return {
        "authorization_code": tx.authorization_code,
        "bin": card.number[:6],
        "last4": card.number[-4:],
        "exp_month": month,
        "exp_year": year,
        "channel": "card",
        "card_type": f"{card.brand} ",
        "bank": "TEST BANK",
        "country_code": "NG",
        "brand": card.brand,
        "reusable": True,
        "signature": f"SIG_{tx.authorization_code.removeprefix('AUTH_')}",
        "account_name": None,
    }


def _log(tx: Transaction) -> JSONObject:
    return {
        "start_time": int(tx.created_at.timestamp()),
        "time_spent": 4,
        "attempts": tx.attempts,
        "errors": tx.errors,
        "success": tx.paid_at is not None,
        "mobile": False,
        "input": [],
        "history": tx.history,
    }


def transaction_body(tx: Transaction) -> JSONObject:
    """Write the `data` of verify and fetch."""
    paid_at, created_at = iso_or_none(tx.paid_at), iso(tx.created_at)
    return {
        "id": tx.id,
        "domain": "test",
        "status": tx.status,
        "reference": tx.reference,
        "receipt_number": None,
        "amount": tx.amount,
        "message": None,
        "gateway_response": tx.gateway_response,
        "paid_at": paid_at,
        "created_at": created_at,
        "channel": "card",
        "currency": tx.currency,
        "ip_address": "127.0.0.1",
        "metadata": "" if tx.metadata is None else tx.metadata,
        "log": _log(tx) if tx.attempts else None,
        "fees": tx.fees,
        "fees_split": None,
        "authorization": authorization_body(tx),
        "customer": customer_body(tx.customer),
        "plan": None,
        "split": {},
        "order_id": None,
        "paidAt": paid_at,
        "createdAt": created_at,
        "requested_amount": tx.requested_amount,
        "pos_transaction_data": None,
        "source": None,
        "fees_breakdown": None,
        "connect": None,
        "transaction_date": created_at,
        "plan_object": {},
        "subaccount": {},
    }


def charge_event(tx: Transaction) -> JSONObject:
    """Write the `data` of `charge.success`; metadata nobody sent is the number 0 here and an empty string in verify."""
    shared = transaction_body(tx)
    data = {name: shared[name] for name in _CHARGE_MEMBERS}
    customer = {name: value for name, value in shared["customer"].items() if name != "international_format_phone"}
    return data | {
        "metadata": 0 if tx.metadata is None else tx.metadata,
        "log": {**_log(tx), "authentication": "pin", "channel": None},
        "customer": customer,
        "plan": {},
    }


def recipient_body(recipient: Recipient, *, named: bool = True) -> JSONObject:
    moment = iso(recipient.created_at)
    return {
        "active": True,
        "createdAt": moment,
        "currency": recipient.currency,
        "description": recipient.description,
        "domain": "test",
        "email": None,
        "id": recipient.id,
        "integration": INTEGRATION,
        "metadata": recipient.metadata,
        "name": recipient.name,
        "recipient_code": recipient.code,
        "type": "nuban",
        "updatedAt": moment,
        "is_deleted": False,
        "details": {
            "authorization_code": None,
            "account_number": recipient.account_number,
            "account_name": recipient.account_name if named else None,
            "bank_code": recipient.bank_code,
            "bank_name": recipient.bank_name,
        },
    }


def transfer_created_body(transfer: Transfer) -> JSONObject:
    """Write the `data` of `POST /transfer`, where the recipient is a number and neither fee nor session appear."""
    return {
        "transfersessionid": [],
        "transfertrials": [],
        "domain": "test",
        "amount": transfer.amount,
        "currency": transfer.currency,
        "reference": transfer.reference,
        "source": "balance",
        "source_details": None,
        "reason": transfer.reason,
        "status": transfer.status,
        "failures": None,
        "transfer_code": transfer.code,
        "titan_code": None,
        "transferred_at": None,
        "id": transfer.id,
        "integration": INTEGRATION,
        "request": transfer.request,
        "recipient": transfer.recipient.id,
        "createdAt": iso(transfer.created_at),
        "updatedAt": iso(transfer.updated_at),
    }


def _transfer_shared(transfer: Transfer) -> JSONObject:
    return {
        "amount": transfer.amount,
        "currency": transfer.currency,
        "domain": "test",
        "failures": None,
        "id": transfer.id,
        "reason": transfer.reason,
        "reference": transfer.reference,
        "source": "balance",
        "source_details": None,
        "status": transfer.status,
        "titan_code": None,
        "transfer_code": transfer.code,
        "transferred_at": None,
        "recipient": recipient_body(transfer.recipient, named=False),
        "session": _session(transfer),
    }


def _session(transfer: Transfer) -> JSONObject:
    return {"provider": None if transfer.session_id is None else "nip", "id": transfer.session_id}


def transfer_body(transfer: Transfer) -> JSONObject:
    """Write the `data` of verify and fetch."""
    return _transfer_shared(transfer) | {
        "integration": INTEGRATION,
        "request": transfer.request,
        "createdAt": iso(transfer.created_at),
        "updatedAt": iso(transfer.updated_at),
        "fee_charged": transfer.fee,
        "fees_breakdown": None,
        "gateway_response": transfer.gateway_response,
    }


def transfer_event(transfer: Transfer) -> JSONObject:
    """Write the `data` of `transfer.*`."""
    data = _transfer_shared(transfer) | {
        "integration": {
            "id": INTEGRATION,
            "is_live": True,
            "business_name": "KRO Sandbox",
            "logo_path": "https://example/logo.png",
        },
    }
    if transfer.status is not TransferStatus.SUCCESS:
        return data | {"created_at": iso(transfer.created_at), "updated_at": iso(transfer.updated_at)}
    return data | {
        "createdAt": iso(transfer.created_at),
        "updatedAt": iso(transfer.updated_at),
        "fee_charged": transfer.fee,
        "gateway_response": transfer.gateway_response,
    }


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
    if refund.status == "needs-attention":
        data |= {"id": str(refund.id), "customer_note": refund.customer_note, "merchant_note": refund.merchant_note}
    else:
        data |= {"processor": "mpgs_zen"}
    return data | {"customer": customer, "integration": INTEGRATION, "domain": "test"}
