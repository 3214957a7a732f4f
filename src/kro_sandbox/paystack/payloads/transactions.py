from kro_sandbox.core.clock import iso, iso_or_none
from kro_sandbox.core.wire import JSONObject
from kro_sandbox.paystack.cards import find_card
from kro_sandbox.paystack.state import BankTransfer, Customer, Transaction

INFLOW_CHANNEL = "dedicated_nuban"
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

# What the event of a bank transfer has besides.
_INFLOW_MEMBERS = (
    *_CHARGE_MEMBERS,
    *("fees_breakdown", "fees_split", "subaccount", "split", "order_id", "paidAt", "pos_transaction_data", "source"),
)


def customer_body(customer: Customer) -> JSONObject:
    return {
        "id": customer.id,
        "first_name": customer.first_name,
        "last_name": customer.last_name,
        "email": customer.email,
        "customer_code": customer.code,
        "phone": customer.phone,
        "metadata": customer.metadata,
        "risk_action": "default",
        "international_format_phone": None,
    }


def authorization_body(tx: Transaction) -> JSONObject:
    if tx.transfer is not None:
        return transfer_authorization_body(tx, tx.transfer)
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


def transfer_authorization_body(tx: Transaction, transfer: BankTransfer) -> JSONObject:
    """Write who paid into a dedicated account, and into which."""
    return {
        "authorization_code": tx.authorization_code,
        "bin": "413XXX",
        "last4": "X011",
        "exp_month": f"{tx.created_at:%m}",
        "exp_year": f"{tx.created_at:%Y}",
        "channel": INFLOW_CHANNEL,
        "card_type": "transfer",
        "bank": "First City Monument Bank",
        "country_code": "NG",
        "brand": "Managed Account",
        "reusable": False,
        "signature": None,
        "account_name": None,
        "sender_country": "NG",
        "sender_bank": "First City Monument Bank",
        "sender_bank_account_number": "XXXXXX0011",
        "sender_name": transfer.sender_name,
        "narration": f"NIP: {transfer.sender_name}",
        "receiver_bank_account_number": transfer.account.number,
        "receiver_bank": "Test Bank",
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
        "channel": "card" if tx.transfer is None else INFLOW_CHANNEL,
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
    data = {name: shared[name] for name in (_CHARGE_MEMBERS if tx.transfer is None else _INFLOW_MEMBERS)}
    customer = {name: value for name, value in shared["customer"].items() if name != "international_format_phone"}
    return data | {
        "metadata": 0 if tx.metadata is None else tx.metadata,
        "log": {**_log(tx), "authentication": "pin", "channel": None} if tx.transfer is None else None,
        "customer": customer,
        "plan": {},
    }
