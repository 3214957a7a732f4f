"""Accounts that Fincra lends us: for one payment and twenty minutes, or for good."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final

from kro.core.money import Money
from kro.core.outgoing import JSONValue, OutcomeUnknown, OutgoingHTTP, Reply
from kro.core.outgoing import NotSent as NothingLeft
from kro.payment.providers.errors import UnsupportedAmountError
from kro.payment.providers.fincra.reading import (
    JSONObject,
    OddAnswerError,
    child,
    data_of,
    door_cause,
    error_type,
    identifier,
    is_refusal,
    is_turned_away,
    moment,
    optional_text,
    refusal_code,
    refusal_reason,
    text,
)
from kro.payment.providers.fincra.refusals import after_refused_request
from kro.payment.providers.fincra.units import from_major, to_number
from kro.payment.providers.references import ensure_own_reference
from kro.payment.providers.results import CollectionResult, FailedDefinitively, NotSent, Pending, Unknown
from kro.payment.providers.virtual_accounts import (
    AccountHolder,
    VirtualAccount,
    VirtualAccountIssued,
    VirtualAccountResult,
)

_CURRENCY: Final = "NGN"
# docs.fincra.com/docs/payout-errors, as far as they can refuse an account: nothing was made.
_REFUSALS: Final = frozenset({"UNPROCESSABLE_ENTITY", "VALIDATION_FAILED", "OPERATION_FORBIDDEN"})

Verify = Callable[[str], Awaitable[CollectionResult]]


class FincraAccounts:
    """Virtual accounts for naira. ``verify`` asks what Fincra has under a reference of ours."""

    def __init__(self, http: OutgoingHTTP, *, channel: str | None, verify: Verify) -> None:
        self._http = http
        self._channel = channel
        self._verify = verify

    async def issue_one_time(self, *, reference: str, amount: Money, holder: AccountHolder) -> VirtualAccountResult:
        _ensure_naira(amount.currency)
        exchange = await self._http.call(
            operation="charge",
            method="POST",
            path="/checkout/charges",
            body={
                "amount": to_number(amount),
                "reference": ensure_own_reference(reference),
                "currency": amount.currency,
                "type": "bank_transfer",
                "customer": {
                    "name": f"{holder.first_name} {holder.last_name}",
                    "email": holder.email,
                    "phoneNumber": holder.phone,
                },
                "settlementDestination": "wallet",
            },
        )
        match exchange:
            case Reply() if is_refusal(exchange) or is_turned_away(exchange):
                return await after_refused_request(exchange, verify=lambda: self._verify(reference))
            case Reply():
                return _read_one_time(exchange, reference=reference, amount=amount)
            case NothingLeft():
                return NotSent(exchange.cause)
            case OutcomeUnknown():
                return Unknown(exchange.cause)

    async def issue_permanent(self, *, reference: str, currency: str, holder: AccountHolder) -> VirtualAccountResult:
        _ensure_naira(currency)
        if not holder.bvn:
            return FailedDefinitively("bvn_required", "A permanent account needs the holder's BVN.")
        body: dict[str, JSONValue] = {
            "currency": currency,
            "accountType": "individual",
            "KYCInformation": {
                "firstName": holder.first_name,
                "lastName": holder.last_name,
                "email": holder.email,
                "bvn": holder.bvn,
            },
            "merchantReference": ensure_own_reference(reference),
        }
        exchange = await self._http.call(
            operation="virtual_account",
            method="POST",
            path="/profile/virtual-accounts/requests",
            body=body if self._channel is None else {**body, "channel": self._channel},
        )
        match exchange:
            case Reply() if is_refusal(exchange) or is_turned_away(exchange):
                return _read_refusal(exchange)
            case Reply():
                return _read_permanent(exchange, reference=reference)
            case NothingLeft():
                return NotSent(exchange.cause)
            case OutcomeUnknown():
                return Unknown(exchange.cause)


def account_number_of(account: JSONObject) -> str | None:
    """Return the number of a permanent account, which Fincra says in one of two places."""
    return optional_text(account, "accountNumber") or optional_text(
        child(account, "accountInformation"), "accountNumber"
    )


def _ensure_naira(currency: str) -> None:
    if currency != _CURRENCY:
        raise UnsupportedAmountError


def _read_one_time(reply: Reply, *, reference: str, amount: Money) -> VirtualAccountResult:
    try:
        data = data_of(reply)
        if text(data, "reference") != reference:
            return Unknown("reference_mismatch")
        if (text(data, "currency"), _asked(data)) != (amount.currency, amount.amount):
            return Unknown("amount_mismatch")
        account = child(data, "virtualAccount")
        expires_at = moment(account, "expiresAt")
        if expires_at is None:
            # Without its end the account would look like one for good.
            return Unknown("odd_expiresAt")
        return VirtualAccountIssued(
            VirtualAccount(
                account_number=text(account, "accountNumber"),
                account_name=text(account, "accountName"),
                bank_name=text(account, "bankName"),
                provider_reference=identifier(data, "id"),
                bank_code=optional_text(account, "bankCode"),
                expires_at=expires_at,
            )
        )
    except OddAnswerError as odd:
        return Unknown(odd.cause)


def _asked(data: JSONObject) -> int:
    return from_major(data.get("amount"), currency=_CURRENCY)


def _read_permanent(reply: Reply, *, reference: str) -> VirtualAccountResult:
    try:
        data = data_of(reply)
        named = (optional_text(data, "merchantReference") or reference, text(data, "currency"))
        if named != (reference, _CURRENCY):
            return Unknown("request_mismatch")
        match text(data, "status"):
            case "approved" | "issued":
                return VirtualAccountIssued(_read_account(data))
            case "pending":
                return Pending("pending")
            case "declined":
                return FailedDefinitively("declined", optional_text(data, "reason") or "")
            case _:
                return Unknown("odd_status")
    except OddAnswerError as odd:
        return Unknown(odd.cause)


def _read_account(data: JSONObject) -> VirtualAccount:
    information = child(data, "accountInformation")
    number = account_number_of(data)
    if number is None or data.get("isActive") is False or data.get("isPermanent") is False:
        raise OddAnswerError("account")
    return VirtualAccount(
        account_number=number,
        account_name=text(information, "accountName"),
        bank_name=text(information, "bankName"),
        provider_reference=identifier(data, "_id"),
        bank_code=optional_text(information, "bankCode"),
    )


def _read_refusal(reply: Reply) -> VirtualAccountResult:
    if is_turned_away(reply):
        return NotSent(door_cause(reply), retry_after_seconds=reply.retry_after_seconds)
    if error_type(reply) in _REFUSALS:
        return FailedDefinitively(refusal_code(reply), refusal_reason(reply))
    return Unknown(refusal_code(reply))
