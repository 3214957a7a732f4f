"""Paying out: a transfer is sent once, and asked for by its reference ever after."""

from __future__ import annotations

from http import HTTPStatus
from typing import Final

from kro.core.money import Money
from kro.core.outgoing import NotSent as NothingLeft
from kro.core.outgoing import OutcomeUnknown, OutgoingHTTP, Reply
from kro.payment.providers.paystack.reading import (
    JSONObject,
    OddAnswerError,
    child,
    data_of,
    held_back,
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
    BankAccount,
    FailedDefinitively,
    NotFound,
    NotSent,
    Pending,
    Reversed,
    Succeeded,
    TransferFacts,
    TransferSendResult,
    TransferStatusResult,
    Unknown,
)

# paystack.com/docs/transfers/how-transfers-work. "otp" waits for a code, "received" for our approval URL; "blocked"
# and "rejected" are that URL's refusals, "abandoned" a code that never came. A word that is not here is unknown.
_PENDING: Final = frozenset({"pending", "otp", "received"})
_FAILED: Final = frozenset({"failed", "abandoned", "blocked", "rejected"})

# paystack.com/docs/api/errors: validation refusals, made before a transfer exists.
_DOCUMENTED_REFUSALS: Final = frozenset({"invalid_transfer_recipient", "missing_params", "invalid_params"})
_INSUFFICIENT_BALANCE: Final = "insufficient_balance"
# paystack.com/docs/transfers/managing-transfers documents the sentence; its code is not confirmed.
_INSUFFICIENT_BALANCE_SENTENCE: Final = "your balance is not enough"


class PaystackTransfers:
    """Transfers from the Paystack balance to Nigerian bank accounts."""

    def __init__(self, http: OutgoingHTTP, *, read_seconds: float) -> None:
        self._http = http
        self._read_seconds = read_seconds

    async def send(self, *, reference: str, amount: Money, account: BankAccount, narration: str) -> TransferSendResult:
        ensure_own_reference(reference)
        subunits = to_subunits(amount)
        recipient = await self._recipient(account, currency=amount.currency)
        if not isinstance(recipient, str):
            return recipient
        exchange = await self._http.call(
            operation="transfer",
            method="POST",
            path="/transfer",
            reference=reference,
            body={
                "source": "balance",
                "amount": subunits,
                "currency": amount.currency,
                "recipient": recipient,
                "reference": reference,
                "reason": narration,
            },
            read_seconds=self._read_seconds,
        )
        match exchange:
            case Reply() if is_refusal(exchange):
                return await self._after_refusal(exchange, reference=reference, amount=amount)
            case Reply():
                return _as_sent(_read_transfer(exchange, reference=reference), amount=amount)
            case NothingLeft():
                return NotSent(exchange.cause)
            case OutcomeUnknown():
                return Unknown(exchange.cause)

    async def status(self, *, reference: str) -> TransferStatusResult:
        if not is_readable_reference(reference):
            return Unknown("unreadable_reference")
        exchange = await self._http.call(
            operation="verify_transfer",
            method="GET",
            path=f"/transfer/verify/{reference}",
            reference=reference,
            repeatable=True,
        )
        if not isinstance(exchange, Reply):
            return Unknown(exchange.cause)
        if exchange.status == HTTPStatus.NOT_FOUND and is_refusal(exchange):
            return NotFound()
        return _read_transfer(exchange, reference=reference)

    async def _recipient(
        self, account: BankAccount, *, currency: str
    ) -> str | FailedDefinitively[TransferFacts] | NotSent:
        # The same account again returns the recipient that exists, so this may be repeated (transfer recipients).
        exchange = await self._http.call(
            operation="recipient",
            method="POST",
            path="/transferrecipient",
            body={
                "type": "nuban",
                "name": account.account_name,
                "account_number": account.account_number,
                "bank_code": account.bank_code,
                "currency": currency,
            },
            repeatable=True,
        )
        if not isinstance(exchange, Reply):
            return NotSent(f"recipient_{exchange.cause}")
        if turned_away := held_back(exchange):
            return turned_away
        if is_refusal(exchange):
            return FailedDefinitively(refusal_code(exchange), refusal_reason(exchange))
        try:
            return _read_recipient(data_of(exchange), account=account)
        except OddAnswerError as odd:
            return NotSent(f"recipient_{odd.cause}")

    async def _after_refusal(self, reply: Reply, *, reference: str, amount: Money) -> TransferSendResult:
        if turned_away := held_back(reply):
            return turned_away
        # A refusal may mean that the reference is already used, and no code is documented for it: what exists counts.
        existing = await self.status(reference=reference)
        if not isinstance(existing, NotFound):
            return _as_sent(existing, amount=amount)
        code = refusal_code(reply)
        reason = refusal_reason(reply)
        if code == _INSUFFICIENT_BALANCE or reason.lower().startswith(_INSUFFICIENT_BALANCE_SENTENCE):
            return FailedDefinitively(_INSUFFICIENT_BALANCE, reason)
        return FailedDefinitively(code, reason) if code in _DOCUMENTED_REFUSALS else Unknown(code)


def _read_recipient(data: JSONObject, *, account: BankAccount) -> str | FailedDefinitively[TransferFacts]:
    details = child(data, "details")
    named = (optional_text(details, "account_number"), optional_text(details, "bank_code"))
    if named != (account.account_number, account.bank_code):
        return FailedDefinitively("recipient_mismatch", "The recipient is not the account that was asked for.")
    return text(data, "recipient_code")


def _read_transfer(reply: Reply, *, reference: str) -> TransferStatusResult:
    try:
        data = data_of(reply)
        if text(data, "reference") != reference:
            return Unknown("reference_mismatch")
        status = text(data, "status")
        facts = _read_facts(data)
    except OddAnswerError as odd:
        return Unknown(odd.cause)
    return _judge(status, facts, reason=optional_text(data, "gateway_response") or "")


def _judge(status: str, facts: TransferFacts, *, reason: str) -> TransferStatusResult:
    if status == "success":
        return Succeeded(facts)
    if status in _PENDING:
        return Pending(status, facts)
    if status == "reversed":
        return Reversed(facts)
    if status in _FAILED:
        return FailedDefinitively(status, reason, facts)
    return Unknown("odd_status")


def _as_sent(result: TransferStatusResult, *, amount: Money) -> TransferSendResult:
    """Accept an answer only if it speaks of the money that was sent."""
    if isinstance(result, NotFound | Unknown):
        return Unknown("not_found" if isinstance(result, NotFound) else result.cause)
    facts = result.facts
    if facts is None or (facts.amount_minor, facts.currency) != (amount.amount, amount.currency):
        return Unknown("amount_mismatch")
    return result


def _read_facts(data: JSONObject) -> TransferFacts:
    currency = text(data, "currency")
    fees = data.get("fee_charged")
    return TransferFacts(
        reference=text(data, "reference"),
        provider_reference=text(data, "transfer_code"),
        amount_minor=from_subunits(data.get("amount"), currency=currency),
        currency=currency,
        fees_minor=None if fees is None else from_subunits(fees, currency=currency),
        session_id=optional_text(child(data, "session"), "id"),
        updated_at=moment(data, "updatedAt", "updated_at"),
    )
