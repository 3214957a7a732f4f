"""The terms of an order as its parties agree to them: what their hash is of, and every version for the record."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

import orjson

from kro.core.decisions import Decision, Insert
from kro.core.decisions.encoding import plain
from kro.kro_balance.domain import Quote
from kro.order.database.records import Condition, Order
from kro.order.database.words import OrderType, Party
from kro.order.domain.changes import Changes
from kro.order.domain.errors import QuoteExpiredError

MAX_VERSIONS: Final = 10
"""How often the parties may write terms before they agree (row T03 of the lifecycle contract)."""

_AGREED: Final = (
    "kind",
    "title",
    "description",
    "confirmed_by",
    "required",
    "evidence_required",
    "deemed_on_timeout",
    "template_code",
    "amount",
    "not_before",
)


def terms_of(order: Order, conditions: Sequence[Condition]) -> dict[str, Any]:
    """Return everything the parties agree to; amounts in minor units of its currency."""
    return {
        "version": order.terms_version,
        "order_type": order.order_type,
        "title": order.title,
        "description": order.description,
        "currency": order.currency,
        "amount": order.amount,
        "buyer_share_bps": order.buyer_share_bps,
        "fee_buyer": order.fee_buyer,
        "fee_seller": order.fee_seller,
        "vat_buyer": order.vat_buyer,
        "vat_seller": order.vat_seller,
        "delivery_hours": order.delivery_hours,
        "inspection_hours": order.inspection_hours,
        "revisions": order.revisions,
        "code_is_acceptance": order.code_is_acceptance,
        "conditions": [{name: getattr(condition, name) for name in _AGREED} for condition in conditions],
    }


def hash_of(terms: Mapping[str, Any]) -> str:
    """Return the SHA-256 (hex) of terms; acceptance names it."""
    text = orjson.dumps(terms, default=plain, option=orjson.OPT_SORT_KEYS | orjson.OPT_UTC_Z)
    return hashlib.sha256(text).hexdigest()


def recorded(order: Order, conditions: Sequence[Condition], *, by: Party, at: datetime) -> Decision:
    """Return the row that keeps the terms as they now stand; rows of older versions stay as they are."""
    row = {
        "order_id": order.id,
        "version": order.terms_version,
        "hash": order.terms_hash,
        "proposed_by": by,
        "terms": terms_of(order, conditions),
        "created_at": at,
    }
    return Decision(writes=(Insert("order_terms", (row,)),))


def renew(changes: Changes, *, by: Party) -> Changes:
    """Give the terms as they now stand the next version and its hash, and keep them for the record."""
    changes.set(terms_version=changes.state.order.terms_version + 1)
    state = changes.state
    changes.set(terms_hash=hash_of(terms_of(state.order, state.conditions)))
    return changes.include(recorded(changes.state.order, state.conditions, by=by, at=changes.context.now))


def changed_terms(before: Mapping[str, Any] | None, after: Mapping[str, Any]) -> list[str]:
    """Return the names of the terms in which a version differs from the one before it; the version is none of them."""
    if before is None:
        return []
    return [name for name in after if name != "version" and after[name] != before.get(name)]


def valid_quote(quote: Quote | None, *, order_type: OrderType, at: datetime) -> Quote:
    """Return the quote if it still promises a price for such an order.

    :raises QuoteExpiredError: when it is not the actor's, does not fit or has run out.
    """
    if quote is None or quote.expires_at <= at or quote.order_type != order_type:
        raise QuoteExpiredError
    return quote


def price_of(quote: Quote | None, order: Order, *, at: datetime) -> dict[str, Any]:
    """Return the columns of an order that a new quote changes.

    :raises QuoteExpiredError: when the quote does not fit the order, its currency included, or has run out.
    """
    fees = valid_quote(quote, order_type=order.order_type, at=at).fees
    if quote is None or fees.currency != order.currency:
        raise QuoteExpiredError
    return {
        "amount": fees.amount,
        "buyer_share_bps": fees.buyer_share_bps,
        "fee_buyer": fees.fee_buyer,
        "fee_seller": fees.fee_seller,
        "vat_buyer": fees.vat_buyer,
        "vat_seller": fees.vat_seller,
        "fee_basis": quote.basis,
    }
