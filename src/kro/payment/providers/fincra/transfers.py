"""Paying out: a payout is sent once, and asked for by our reference ever after."""

from __future__ import annotations

from typing import Final

from kro.core.money import Money
from kro.core.outgoing import JSONValue, OutcomeUnknown, OutgoingHTTP, Reply
from kro.core.outgoing import NotSent as NothingLeft
from kro.payment.providers.errors import UnsupportedAmountError
from kro.payment.providers.fincra.reading import (
    JSONObject,
    OddAnswerError,
    data_of,
    door_cause,
    error_type,
    is_missing,
    is_readable_reference,
    is_refusal,
    is_turned_away,
    moment,
    optional_text,
    refusal_code,
    refusal_reason,
    text,
)
from kro.payment.providers.fincra.units import fee_from_major, from_major, to_text
from kro.payment.providers.references import ensure_own_reference
from kro.payment.providers.results import (
    BankAccount,
    FailedDefinitively,
    NotFound,
    NotSent,
    Pending,
    Succeeded,
    TransferFacts,
    TransferSendResult,
    TransferStatusResult,
    Unknown,
)

_CURRENCY: Final = "NGN"
# docs.fincra.com, payouts: "processing" until "successful" or "failed"; the webhook page also names "pending". A word
# that is not here is unknown.
_PENDING: Final = frozenset({"processing", "pending"})

# docs.fincra.com/docs/payout-errors calls these genuine failures: nothing was sent. Its DUPLICATE_CUSTOMER_REFERENCE is
# about the reference, not the money; RESOURCE_NOT_FOUND, SERVICE_UNAVAILABLE and INTERNAL_SERVER_ERROR are ambiguous.
_INSUFFICIENT: Final = "NO_ENOUGH_MONEY_IN_WALLET"
_GENUINE_FAILURES: Final = frozenset(
    {
        _INSUFFICIENT,
        "INVALID_QUOTE",
        "QUOTE_NOT_GENERATED",
        "UNPROCESSABLE_ENTITY",
        "VALIDATION_FAILED",
        "OPERATION_FORBIDDEN",
    }
)
_DUPLICATE: Final = "DUPLICATE_CUSTOMER_REFERENCE"


class FincraTransfers:
    """Payouts from the naira wallet to Nigerian bank accounts."""

    def __init__(self, http: OutgoingHTTP, *, business_id: str, read_seconds: float) -> None:
        self._http = http
        self._business_id = business_id
        self._read_seconds = read_seconds

    async def send(self, *, reference: str, amount: Money, account: BankAccount, narration: str) -> TransferSendResult:
        if amount.currency != _CURRENCY:
            raise UnsupportedAmountError
        exchange = await self._http.call(
            operation="payout",
            method="POST",
            path="/disbursements/payouts",
            body={
                "business": self._business_id,
                "sourceCurrency": amount.currency,
                "destinationCurrency": amount.currency,
                "amount": to_text(amount),
                "description": narration,
                "customerReference": ensure_own_reference(reference),
                "paymentDestination": "bank_account",
                "beneficiary": _beneficiary(account),
            },
            read_seconds=self._read_seconds,
        )
        match exchange:
            case Reply() if is_refusal(exchange) or is_turned_away(exchange):
                return await self._after_refusal(exchange, reference=reference, amount=amount)
            case Reply():
                return await self._after_answer(exchange, reference=reference, amount=amount)
            case NothingLeft():
                return NotSent(exchange.cause)
            case OutcomeUnknown():
                return Unknown(exchange.cause)

    async def status(self, *, reference: str) -> TransferStatusResult:
        if not is_readable_reference(reference):
            return Unknown("unreadable_reference")
        exchange = await self._http.call(
            operation="verify_payout",
            method="GET",
            path=f"/disbursements/payouts/customer-reference/{reference}",
            repeatable=True,
        )
        if not isinstance(exchange, Reply):
            return Unknown(exchange.cause)
        if is_missing(exchange):
            return NotFound()
        try:
            return _judge(data_of(exchange), reference=reference)
        except OddAnswerError as odd:
            return Unknown(odd.cause)

    async def _after_answer(self, reply: Reply, *, reference: str, amount: Money) -> TransferSendResult:
        try:
            data = data_of(reply)
            if text(data, "customerReference") != reference:
                return Unknown("reference_mismatch")
            status = text(data, "status")
        except OddAnswerError as odd:
            return Unknown(odd.cause)
        if status in _PENDING:
            return Pending(status)
        # The answer names no amount, and nothing final is believed without one.
        return _as_sent(await self.status(reference=reference), amount=amount)

    async def _after_refusal(self, reply: Reply, *, reference: str, amount: Money) -> TransferSendResult:
        if is_turned_away(reply):
            return NotSent(door_cause(reply), retry_after_seconds=reply.retry_after_seconds)
        # What exists under the reference counts for more than the refusal of making it.
        existing = await self.status(reference=reference)
        if not isinstance(existing, NotFound):
            return _as_sent(existing, amount=amount)
        code = error_type(reply)
        if code == _DUPLICATE:
            return Unknown("duplicate_reference")
        if code in _GENUINE_FAILURES:
            ours = "insufficient_balance" if code == _INSUFFICIENT else refusal_code(reply)
            return FailedDefinitively(ours, refusal_reason(reply))
        return Unknown(refusal_code(reply))


def _beneficiary(account: BankAccount) -> dict[str, JSONValue]:
    # Both names are wanted; whoever has only one bears it twice.
    first, _, last = account.account_name.strip().partition(" ")
    return {
        "firstName": first,
        "lastName": last.strip() or first,
        "accountHolderName": account.account_name,
        "country": "NG",
        "accountNumber": account.account_number,
        "type": "individual",
        "bankCode": account.bank_code,
    }


def _judge(data: JSONObject, *, reference: str) -> TransferStatusResult:
    if text(data, "customerReference") != reference:
        return Unknown("reference_mismatch")
    status = text(data, "status")
    if status == "successful":
        return Succeeded(_read_facts(data))
    if status in _PENDING:
        return Pending(status, _facts_if_told(data))
    if status == "failed":
        return FailedDefinitively(status, optional_text(data, "message", "reason") or "", _facts_if_told(data))
    return Unknown("odd_status")


def _as_sent(result: TransferStatusResult, *, amount: Money) -> TransferSendResult:
    """Accept an answer only if it speaks of the money that was sent."""
    if isinstance(result, NotFound | Unknown):
        return Unknown("not_found" if isinstance(result, NotFound) else result.cause)
    facts = result.facts
    if facts is None or (facts.amount_minor, facts.currency) != (amount.amount, amount.currency):
        return Unknown("amount_mismatch")
    return result


def _facts_if_told(data: JSONObject) -> TransferFacts | None:
    # A payout that has not arrived may have no amount received yet.
    return _read_facts(data) if data.get("amountReceived") else None


def _read_facts(data: JSONObject) -> TransferFacts:
    currency = text(data, "destinationCurrency")
    if text(data, "sourceCurrency") != currency:
        raise OddAnswerError("currency")
    return TransferFacts(
        reference=text(data, "customerReference"),
        provider_reference=text(data, "reference"),
        # What the beneficiary gets. Whether "amountSent" has the fee in it is not documented.
        amount_minor=from_major(data.get("amountReceived"), currency=currency),
        currency=currency,
        fees_minor=fee_from_major(data.get("fee"), currency=currency),
        session_id=optional_text(data, "traceId"),
        updated_at=moment(data, "valuedAt", "updatedAt"),
    )
