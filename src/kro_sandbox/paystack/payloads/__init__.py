"""Paystack's JSON shapes, member by member as documented, inconsistencies included.

A transfer is snake_case with a session in `transfer.failed`, and camelCase with a fee in `transfer.success`; a refund's
amount is an integer in the API and a string in webhooks.
"""

from kro_sandbox.paystack.payloads.accounts import (
    account_body,
    account_fetched_body,
    customer_created_body,
    customer_fetched_body,
)
from kro_sandbox.paystack.payloads.disputes import dispute_body
from kro_sandbox.paystack.payloads.refunds import refund_body, refund_event
from kro_sandbox.paystack.payloads.transactions import charge_event, transaction_body
from kro_sandbox.paystack.payloads.transfers import recipient_body, transfer_body, transfer_created_body, transfer_event

__all__ = [
    "account_body",
    "account_fetched_body",
    "charge_event",
    "customer_created_body",
    "customer_fetched_body",
    "dispute_body",
    "recipient_body",
    "refund_body",
    "refund_event",
    "transaction_body",
    "transfer_body",
    "transfer_created_body",
    "transfer_event",
]
