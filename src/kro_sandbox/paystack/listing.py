"""Paystack's two ways of paging, and the filters of its lists."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping, Sequence
from typing import TypeVar

from kro_sandbox.core.clock import iso
from kro_sandbox.core.wire import JSONObject
from kro_sandbox.paystack.errors import PaystackError
from kro_sandbox.paystack.state import Dispute, PaystackState, Transaction, Transfer

Item = TypeVar("Item")
_PER_PAGE = 50


def by_page(items: Sequence[Item], query: Mapping[str, str]) -> tuple[Sequence[Item], JSONObject]:
    per_page, page = _whole(query, "perPage", _PER_PAGE), _whole(query, "page", 1)
    skipped = (page - 1) * per_page
    meta = {
        "total": len(items),
        "skipped": skipped,
        "perPage": per_page,
        "page": page,
        "pageCount": -(-len(items) // per_page),
    }
    return items[skipped : skipped + per_page], meta


def by_cursor(items: Sequence[Item], query: Mapping[str, str]) -> tuple[Sequence[Item], JSONObject | None]:
    """Page with cursors when the caller asked for them; else answer everything without meta."""
    if query.get("use_cursor") != "true":
        return items, None
    per_page = _whole(query, "perPage", _PER_PAGE)
    start = _position(query.get("next") or query.get("previous"))
    end = start + per_page
    meta = {
        "next": _cursor(end) if end < len(items) else None,
        "previous": _cursor(max(0, start - per_page)) if start else None,
        "perPage": per_page,
    }
    return items[start:end], meta


def transactions(state: PaystackState, query: Mapping[str, str]) -> list[Transaction]:
    """List transactions, newest first, filtered by status, customer id and creation time."""
    status, customer = query.get("status"), query.get("customer")
    start, end = query.get("from", ""), query.get("to", "9999")
    return [
        transaction
        for transaction in reversed(state.transactions.values())
        if (not status or transaction.status == status)
        and (not customer or str(transaction.customer.id) == customer)
        and start <= iso(transaction.created_at) <= end
    ]


def transfers(state: PaystackState, query: Mapping[str, str]) -> list[Transfer]:
    """List transfers, newest first, filtered by creation time."""
    start, end = query.get("from", ""), query.get("to", "9999")
    return [transfer for transfer in reversed(state.transfers.values()) if start <= iso(transfer.created_at) <= end]


def disputes(state: PaystackState, query: Mapping[str, str]) -> list[Dispute]:
    """List disputes, newest first, filtered by transaction id, status and creation time."""
    transaction, status = query.get("transaction"), query.get("status")
    start, end = query.get("from", ""), query.get("to", "9999")
    return [
        dispute
        for dispute in reversed(state.disputes.values())
        if (not transaction or transaction == str(dispute.transaction.id))
        and (not status or dispute.status == status)
        and start <= iso(dispute.created_at) <= end
    ]


def _whole(query: Mapping[str, str], name: str, default: int) -> int:
    value = query.get(name, str(default))
    if not value.isdigit() or int(value) == 0:
        raise PaystackError(f"{name} must be a positive number")
    return int(value)


def _cursor(position: int) -> str:
    return urlsafe_b64encode(f"bank:{position}".encode()).decode()


def _position(cursor: str | None) -> int:
    if not cursor:
        return 0
    try:
        return int(urlsafe_b64decode(cursor).removeprefix(b"bank:"))
    except ValueError as error:
        raise PaystackError("Cursor is invalid") from error
