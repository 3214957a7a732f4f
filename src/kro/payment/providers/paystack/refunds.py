"""Giving money back to its source. Paystack takes no reference for that, so ours travels as the merchant's note.

Nothing at Paystack stops a second refund of the same payment but the amount left, so what it already has under our note
is looked for before anything is asked of it.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import Final

from kro.core.outgoing import JSONValue, OutcomeUnknown, OutgoingHTTP, Reply
from kro.core.outgoing import NotSent as NothingLeft
from kro.payment.providers.paystack.reading import (
    JSONObject,
    OddAnswerError,
    data_of,
    identifier,
    is_refusal,
    items_of,
    moment,
    optional_text,
    refusal_code,
    refusal_reason,
    text,
)
from kro.payment.providers.paystack.units import from_subunits, to_subunits
from kro.payment.providers.references import ensure_own_reference
from kro.payment.providers.results import (
    FailedDefinitively,
    NotFound,
    NotSent,
    Pending,
    RefundFacts,
    RefundInstruction,
    RefundSendResult,
    RefundStatusResult,
    Succeeded,
    Unknown,
)

# paystack.com/docs/api/refund and support.paystack.com/en/articles/2130434. "needs-attention" waits for the customer's
# bank details and goes on from there. A word that is not here is unknown.
_PENDING: Final = frozenset({"pending", "processing", "needs-attention"})
_REFUSED_INPUT: Final = frozenset({HTTPStatus.BAD_REQUEST, HTTPStatus.NOT_FOUND, HTTPStatus.UNPROCESSABLE_ENTITY})
_MOST_LISTED: Final = 100


class PaystackRefunds:
    """Refunds of successful transactions, whole or in part."""

    def __init__(self, http: OutgoingHTTP) -> None:
        self._http = http

    async def send(self, instruction: RefundInstruction) -> RefundSendResult:
        ensure_own_reference(instruction.reference)
        subunits = to_subunits(instruction.amount)
        existing = await self.status(instruction)
        if isinstance(existing, Unknown):
            # The look-up failed or shows something odd; nothing was asked for, so this may be tried again.
            return NotSent(f"lookup_{existing.cause}")
        if not isinstance(existing, NotFound):
            return existing
        exchange = await self._http.call(
            operation="refund",
            method="POST",
            path="/refund",
            reference=instruction.reference,
            body={
                "transaction": instruction.transaction,
                "amount": subunits,
                "currency": instruction.amount.currency,
                "merchant_note": instruction.reference,
            },
        )
        match exchange:
            case Reply() if is_refusal(exchange):
                return await self._after_refusal(exchange, instruction)
            case Reply():
                return _read_created(exchange, instruction)
            case NothingLeft():
                return NotSent(exchange.cause)
            case OutcomeUnknown():
                return Unknown(exchange.cause)

    async def status(self, instruction: RefundInstruction) -> RefundStatusResult:
        exchange = await self._http.call(
            operation="list_refunds",
            method="GET",
            path="/refund",
            reference=instruction.reference,
            query={"transaction": instruction.transaction, "perPage": str(_MOST_LISTED)},
            repeatable=True,
        )
        if not isinstance(exchange, Reply):
            return Unknown(exchange.cause)
        if is_refusal(exchange):
            return Unknown(refusal_code(exchange))
        try:
            return _find(items_of(exchange), instruction)
        except OddAnswerError as odd:
            return Unknown(odd.cause)

    async def _after_refusal(self, reply: Reply, instruction: RefundInstruction) -> RefundSendResult:
        if reply.status == HTTPStatus.UNAUTHORIZED:
            return NotSent("unauthorized")
        if reply.status == HTTPStatus.TOO_MANY_REQUESTS:
            return NotSent("rate_limited", retry_after_seconds=reply.retry_after_seconds)
        # What exists counts for more than the refusal of asking for it.
        existing = await self.status(instruction)
        if not isinstance(existing, NotFound):
            return existing
        code = refusal_code(reply)
        if reply.status not in _REFUSED_INPUT:
            return Unknown(code)
        return FailedDefinitively(code, refusal_reason(reply))


def _read_created(reply: Reply, instruction: RefundInstruction) -> RefundSendResult:
    try:
        data = data_of(reply)
        if instruction.transaction not in _names_of(data.get("transaction")):
            return Unknown("transaction_mismatch")
        if optional_text(data, "merchant_note") != instruction.reference:
            return Unknown("note_mismatch")
        return _judge(data, instruction)
    except OddAnswerError as odd:
        return Unknown(odd.cause)


def _find(listed: list[JSONObject], instruction: RefundInstruction) -> RefundStatusResult:
    """Pick our refund from all of a transaction; none is only believed of a list that is complete.

    :raises OddAnswerError: when a refund of ours is not shaped as documented.
    """
    if len(listed) >= _MOST_LISTED:
        return Unknown("list_may_be_cut")
    if any(instruction.transaction not in _names_of(item.get("transaction")) for item in listed):
        return Unknown("transaction_mismatch")
    ours = [item for item in listed if optional_text(item, "merchant_note") == instruction.reference]
    open_ones = [item for item in ours if identifier(item, "id") not in instruction.failed]
    if any(text(item, "status") != "failed" for item in ours if item not in open_ones):
        return Unknown("failed_refund_went_on")
    match open_ones:
        case []:
            return NotFound()
        case [one]:
            return _judge(one, instruction)
        case _:
            return Unknown("several_refunds")


def _judge(
    data: JSONObject, instruction: RefundInstruction
) -> Succeeded[RefundFacts] | Pending[RefundFacts] | FailedDefinitively[RefundFacts] | Unknown:
    status = text(data, "status")
    facts = _read_facts(data)
    if (facts.amount_minor, facts.currency) != (instruction.amount.amount, instruction.amount.currency):
        return Unknown("amount_mismatch")
    if status == "processed":
        return Succeeded(facts)
    if status in _PENDING:
        return Pending(status, facts)
    if status == "failed":
        return FailedDefinitively(status, "", facts)
    return Unknown("odd_status")


def _read_facts(data: JSONObject) -> RefundFacts:
    currency = text(data, "currency")
    return RefundFacts(
        provider_reference=identifier(data, "id"),
        amount_minor=from_subunits(data.get("amount"), currency=currency),
        currency=currency,
        updated_at=moment(data, "updatedAt", "updated_at"),
    )


def _names_of(transaction: JSONValue) -> frozenset[str]:
    """Return what a refund calls its payment: an object with id and reference when it is made, an id ever after.

    :raises OddAnswerError: when it is neither.
    """
    if isinstance(transaction, dict):
        wrapped: JSONObject = transaction
        return frozenset({identifier(wrapped, "id"), text(wrapped, "reference")})
    return frozenset({identifier({"transaction": transaction}, "transaction")})
