"""Collecting money: the hosted checkout and what became of a payment."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Final

from kro.core.money import Money
from kro.core.outgoing import NotSent as NothingLeft
from kro.core.outgoing import OutcomeUnknown, OutgoingHTTP, Reply, is_secure_url
from kro.payment.providers.paystack.reading import (
    JSONObject,
    OddAnswerError,
    child,
    data_of,
    identifier,
    is_readable_reference,
    is_refusal,
    moment,
    optional_text,
    refusal_code,
    refusal_reason,
    text,
)
from kro.payment.providers.paystack.units import from_subunits, to_subunits
from kro.payment.providers.references import ensure_own_reference
from kro.payment.providers.results import (
    CheckoutResult,
    CheckoutStarted,
    CollectionFacts,
    CollectionResult,
    FailedDefinitively,
    NotFound,
    NotSent,
    Payer,
    Pending,
    Reversed,
    Succeeded,
    Unknown,
)

# paystack.com/docs/payments/verify-payments. "abandoned" only says that the payer has not finished: it may still
# become a success. A word that is not here is unknown.
_PENDING: Final = frozenset({"abandoned", "ongoing", "pending", "processing", "queued"})
_NO_SUCH_TRANSACTION: Final = frozenset({HTTPStatus.BAD_REQUEST, HTTPStatus.NOT_FOUND})
_REFUSED_INPUT: Final = frozenset({HTTPStatus.BAD_REQUEST, HTTPStatus.UNPROCESSABLE_ENTITY})


class PaystackCollections:
    """Hosted checkout and verification."""

    def __init__(self, http: OutgoingHTTP) -> None:
        self._http = http

    async def start(
        self,
        *,
        reference: str,
        amount: Money,
        payer_email: str,
        callback_url: str,
        metadata: Mapping[str, str] | None = None,
    ) -> CheckoutResult:
        exchange = await self._http.call(
            operation="initialize",
            method="POST",
            path="/transaction/initialize",
            reference=reference,
            body={
                "reference": ensure_own_reference(reference),
                "amount": to_subunits(amount),
                "currency": amount.currency,
                "email": payer_email,
                "callback_url": callback_url,
                "metadata": dict(metadata or {}),
            },
        )
        match exchange:
            case Reply():
                return _read_checkout(exchange, reference=reference)
            case NothingLeft():
                return NotSent(exchange.cause)
            case OutcomeUnknown():
                return Unknown(exchange.cause)

    async def verify(self, *, reference: str) -> CollectionResult:
        return await read_transaction(self._http, operation="verify", reference=reference)


async def read_transaction(http: OutgoingHTTP, *, operation: str, reference: str) -> CollectionResult:
    """Ask what became of a transaction, by the reference it was begun with: ours, or Paystack's if nobody began it."""
    if not is_readable_reference(reference):
        return Unknown("unreadable_reference")
    exchange = await http.call(
        operation=operation,
        method="GET",
        path=f"/transaction/verify/{reference}",
        reference=reference,
        repeatable=True,
    )
    if not isinstance(exchange, Reply):
        return Unknown(exchange.cause)
    if exchange.status in _NO_SUCH_TRANSACTION and is_refusal(exchange):
        return NotFound()
    try:
        return _read_collection(data_of(exchange), reference=reference)
    except OddAnswerError as odd:
        return Unknown(odd.cause)


def _read_checkout(reply: Reply, *, reference: str) -> CheckoutResult:
    if is_refusal(reply):
        return _read_refused_checkout(reply)
    try:
        data = data_of(reply)
        url = text(data, "authorization_url")
        if not is_secure_url(url) or text(data, "reference") != reference:
            return Unknown("odd_checkout")
        return CheckoutStarted(url=url, provider_reference=text(data, "access_code"))
    except OddAnswerError as odd:
        return Unknown(odd.cause)


def _read_refused_checkout(reply: Reply) -> CheckoutResult:
    code = refusal_code(reply)
    if reply.status == HTTPStatus.UNAUTHORIZED:
        return NotSent("unauthorized")
    if reply.status == HTTPStatus.TOO_MANY_REQUESTS:
        return NotSent("rate_limited", retry_after_seconds=reply.retry_after_seconds)
    # Old endpoints leave the code out; the wording only ever makes the answer more careful.
    if code == "duplicate_reference" or "duplicate" in refusal_reason(reply).lower():
        return Unknown("duplicate_reference")
    if reply.status in _REFUSED_INPUT:
        return FailedDefinitively(code, refusal_reason(reply))
    return Unknown(code)


def _read_collection(data: JSONObject, *, reference: str) -> CollectionResult:
    if text(data, "reference") != reference:
        return Unknown("reference_mismatch")
    status = text(data, "status")
    facts = _read_facts(data)
    if status == "success":
        return Succeeded(facts)
    if status in _PENDING:
        return Pending(status, facts)
    if status == "failed":
        return FailedDefinitively(status, optional_text(data, "gateway_response", "message") or "", facts)
    if status == "reversed":
        return Reversed(facts)
    return Unknown("odd_status")


def _read_facts(data: JSONObject) -> CollectionFacts:
    currency = text(data, "currency")
    requested, fees = data.get("requested_amount"), data.get("fees")
    return CollectionFacts(
        reference=text(data, "reference"),
        provider_reference=identifier(data, "id"),
        amount_minor=from_subunits(data.get("amount"), currency=currency),
        currency=currency,
        requested_minor=None if requested is None else from_subunits(requested, currency=currency),
        fees_minor=None if fees is None else from_subunits(fees, currency=currency),
        channel=optional_text(data, "channel"),
        paid_at=moment(data, "paid_at", "paidAt"),
        payer=_read_payer(data),
        receiving_account=optional_text(child(data, "authorization"), "receiver_bank_account_number"),
    )


def _read_payer(data: JSONObject) -> Payer:
    customer, authorization = child(data, "customer"), child(data, "authorization")
    names = (optional_text(customer, "first_name"), optional_text(customer, "last_name"))
    return Payer(
        email=optional_text(customer, "email"),
        name=optional_text(authorization, "sender_name") or " ".join(name for name in names if name) or None,
        bank_name=optional_text(authorization, "sender_bank", "bank"),
        account_number=optional_text(authorization, "sender_bank_account_number"),
    )
