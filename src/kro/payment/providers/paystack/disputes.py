from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Final

from kro.core.outgoing import OutgoingHTTP, Reply
from kro.payment.providers.disputes import DisputeFacts, DisputeLost, DisputeOpened, DisputeResult, DisputeWon
from kro.payment.providers.errors import ProviderUnavailableError
from kro.payment.providers.paystack.reading import (
    JSONObject,
    OddAnswerError,
    child,
    data_of,
    identifier,
    is_refusal,
    items_of,
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
_PAGE: Final = 100
_MAX_PAGES: Final = 100


class PaystackDisputes:
    """Disputes of transactions, by Paystack's number of the dispute, and the list of all."""

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

    async def disputes(self, *, since: datetime, until: datetime) -> Sequence[str]:
        # A list that grows while it is read shows items twice.
        found: dict[str, None] = {}
        for page in range(1, _MAX_PAGES + 1):
            numbers = await self._page(page, since=since, until=until)
            found |= dict.fromkeys(numbers)
            if len(numbers) < _PAGE:
                return tuple(found)
        raise ProviderUnavailableError(cause="list_too_long")

    async def _page(self, page: int, *, since: datetime, until: datetime) -> Sequence[str]:
        exchange = await self._http.call(
            operation="list_disputes",
            method="GET",
            path="/dispute",
            query={"from": _written(since), "to": _written(until), "perPage": str(_PAGE), "page": str(page)},
            repeatable=True,
        )
        if not isinstance(exchange, Reply):
            raise ProviderUnavailableError(cause=exchange.cause)
        try:
            return [identifier(item, "id") for item in items_of(exchange)]
        except OddAnswerError as odd:
            raise ProviderUnavailableError(cause=odd.cause) from None


def _written(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")


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
