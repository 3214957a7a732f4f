"""The sandbox's own view of the money, for comparison with the product's."""

from kro_sandbox.core.clock import iso, iso_or_none
from kro_sandbox.core.wire import JSONObject
from kro_sandbox.paystack.state import Account, PaystackState, Refund, Transaction, Transfer, TransferStatus

_STILL_OUT = frozenset(
    {TransferStatus.PENDING, TransferStatus.OTP, TransferStatus.RECEIVED, TransferStatus.SUCCESS},
)


def paystack_books(state: PaystackState) -> JSONObject:
    """Summarize balances per currency and list every movement. All amounts in subunits."""
    return {
        "balances": {currency: _balance(state, currency) for currency in state.account.balances},
        "accounts": [_account(item) for item in state.accounts.values()],
        "transactions": [_transaction(item) for item in state.transactions.values()],
        "transfers": [_transfer(item) for item in state.transfers.values()],
        "refunds": [_refund(item) for item in state.refunds.values()],
        "ledger": state.account.ledger,
    }


def _balance(state: PaystackState, currency: str) -> JSONObject:
    paid = [item for item in state.transactions.values() if item.paid_at is not None and item.currency == currency]
    sent = [item for item in state.transfers.values() if item.status in _STILL_OUT and item.currency == currency]
    return {
        "opening": state.account.opening.get(currency, 0),
        "available": state.account.balances[currency],
        "charged": sum(item.amount for item in paid),
        "charge_fees": sum(item.fees or 0 for item in paid),
        "transferred": sum(item.amount for item in sent),
        "transfer_fees": sum(item.fee for item in sent),
        "refunded": sum(item.refunded for item in paid),
    }


def _account(item: Account) -> JSONObject:
    return {"id": item.id, "number": item.number, "customer_code": item.customer.code, "email": item.customer.email}


def _transaction(item: Transaction) -> JSONObject:
    return {
        "id": item.id,
        "reference": item.reference,
        "access_code": item.access_code,
        "status": item.status,
        "requested_amount": item.requested_amount,
        "amount": item.amount,
        "fees": item.fees,
        "refunded": item.refunded,
        "currency": item.currency,
        "email": item.customer.email,
        "created_at": iso(item.created_at),
        "paid_at": iso_or_none(item.paid_at),
    }


def _transfer(item: Transfer) -> JSONObject:
    return {
        "id": item.id,
        "reference": item.reference,
        "transfer_code": item.code,
        "status": item.status,
        "amount": item.amount,
        "fee": item.fee,
        "currency": item.currency,
        "recipient_code": item.recipient.code,
        "account_number": item.recipient.account_number,
        "bank_code": item.recipient.bank_code,
        "reason": item.reason,
        "created_at": iso(item.created_at),
        "updated_at": iso(item.updated_at),
    }


def _refund(item: Refund) -> JSONObject:
    return {
        "id": item.id,
        "transaction_reference": item.transaction.reference,
        "status": item.status,
        "amount": item.amount,
        "currency": item.currency,
        "created_at": iso(item.created_at),
        "updated_at": iso(item.updated_at),
    }
