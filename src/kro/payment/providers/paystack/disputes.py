from __future__ import annotations

from http import HTTPStatus
from typing import Final

from kro.core.outgoing import OutgoingHTTP, Reply
from kro.payment.providers.disputes import DisputeFacts, DisputeLost, DisputeOpened, DisputeResult, DisputeWon
from kro.payment.providers.paystack.reading import (
    JSONObject,
    OddAnswerError,
    child,
    data_of,
    identifier,
    is_refusal,
    moment,
    optional_text,
    text,
)
from kro.payment.providers.paystack.units import from_subunits
from kro.payment.providers.results import NotFound, Unknown

# paystack.com/docs/payments/disputes. "declined" says that the claim was declined, so that the money stays ours. A word
# that is not here is unknown.
_OPEN: Final = frozenset({"awaiting-merchant-feedback", "awaiting-bank-feedback", "pending"})
_ACCEPTED: Final = frozenset({"merchant-accepted", "auto-accepted"})
_NO_SUCH_DISPUTE: Final = frozenset({HTTPStatus.BAD_REQUEST, HTTPStatus.NOT_FOUND})
_MOST_DIGITS: Final = 20


class PaystackDisputes:
    """Disputes of transactions, by Paystack's number of the dispute."""

    def __init__(self, http: OutgoingHTTP) -> None:
        self._http = http

    async def dispute(self, *, provider_reference: str) -> DisputeResult:
        number = provider_reference
        if not (number.isascii() and number.isdigit() and len(number) <= _MOST_DIGITS):
            return Unknown("unreadable_reference")
        exchange = await self._http.call(operation="dispute", method="GET", path=f"/dispute/{number}", repeatable=True)
        if not isinstance(exchange, Reply):
            return Unknown(exchange.cause)
        if exchange.status in _NO_SUCH_DISPUTE and is_refusal(exchange):
            return NotFound()
        try:
            return _read(data_of(exchange), number=number)
        except OddAnswerError as odd:
            return Unknown(odd.cause)


def _read(data: JSONObject, *, number: str) -> DisputeResult:
    if identifier(data, "id") != number:
        return Unknown("reference_mismatch")
    facts = _read_facts(data)
    status, resolution = text(data, "status"), optional_text(data, "resolution")
    if status in _OPEN:
        return DisputeOpened(facts)
    if status != "resolved":
        return Unknown("odd_status")
    if resolution in _ACCEPTED:
        return DisputeLost(facts)
    return DisputeWon(facts) if resolution == "declined" else Unknown("odd_resolution")


def _read_facts(data: JSONObject) -> DisputeFacts:
    transaction = child(data, "transaction")
    currency = optional_text(data, "currency") or text(transaction, "currency")
    contested = data.get("refund_amount")
    if contested is None:
        contested = transaction.get("amount")
    return DisputeFacts(
        provider_reference=identifier(data, "id"),
        reference=text(transaction, "reference"),
        transaction=identifier(transaction, "id"),
        amount_minor=from_subunits(contested, currency=currency),
        currency=currency,
        category=optional_text(data, "category"),
        due_at=moment(data, "dueAt", "due_at"),
    )
