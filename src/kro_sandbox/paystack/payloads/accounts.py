from kro_sandbox.core.clock import iso
from kro_sandbox.core.wire import JSONObject
from kro_sandbox.paystack.payloads.transactions import customer_body
from kro_sandbox.paystack.state import INTEGRATION, Account, Customer

_BANK = {"name": "Test Bank", "id": 24, "slug": "test-bank"}


def customer_created_body(customer: Customer) -> JSONObject:
    """Write the `data` of a customer that is made known."""
    at = iso(customer.created_at)
    return {
        "email": customer.email,
        "integration": INTEGRATION,
        "domain": "test",
        "customer_code": customer.code,
        "id": customer.id,
        "identified": False,
        "identifications": None,
        "createdAt": at,
        "updatedAt": at,
    }


def customer_fetched_body(customer: Customer, account: Account | None) -> JSONObject:
    """Write the `data` of a customer that is asked for, with their dedicated account."""
    at = iso(customer.created_at)
    return {
        "transactions": [],
        "subscriptions": [],
        "authorizations": [],
        **customer_body(customer),
        **customer_created_body(customer),
        "created_at": at,
        "updated_at": at,
        "total_transactions": 0,
        "total_transaction_value": [],
        "dedicated_account": None if account is None else _assigned(account),
    }


def account_body(account: Account) -> JSONObject:
    """Write the `data` of an account that is lent."""
    return {**_assigned(account), "customer": customer_body(account.customer)}


def account_fetched_body(account: Account) -> JSONObject:
    """Write the `data` of an account that is asked for: it does not say to whom it is assigned."""
    shared = account_body(account)
    return {
        **{name: value for name, value in shared.items() if name not in ("assignment", "metadata")},
        "split_config": None,
    }


def _assigned(account: Account) -> JSONObject:
    at = iso(account.created_at)
    return {
        "bank": _BANK,
        "account_name": account.name,
        "account_number": account.number,
        "assigned": True,
        "currency": "NGN",
        "metadata": None,
        "active": True,
        "id": account.id,
        "created_at": at,
        "updated_at": at,
        "assignment": {
            "integration": INTEGRATION,
            "assignee_id": account.customer.id,
            "assignee_type": "Customer",
            "expired": False,
            "account_type": "PAY-WITH-TRANSFER-RECURRING",
            "assigned_at": at,
            "expired_at": None,
        },
    }
