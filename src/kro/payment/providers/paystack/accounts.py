"""Dedicated virtual accounts: bank accounts that carry a customer's name, for good."""

from __future__ import annotations

import re
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final
from urllib.parse import quote

from kro.core.outgoing import Exchange, OutcomeUnknown, OutgoingHTTP, Reply
from kro.core.outgoing import NotSent as NothingLeft
from kro.payment.providers.errors import UnsupportedAmountError
from kro.payment.providers.paystack.reading import (
    JSONObject,
    OddAnswerError,
    child,
    data_of,
    held_back,
    identifier,
    is_refusal,
    optional_text,
    refusal_code,
    refusal_reason,
    text,
)
from kro.payment.providers.references import ensure_own_reference
from kro.payment.providers.results import CollectionFacts, FailedDefinitively, NotSent, Unknown
from kro.payment.providers.virtual_accounts import (
    AccountHolder,
    VirtualAccount,
    VirtualAccountIssued,
    VirtualAccountResult,
)

_CURRENCY: Final = "NGN"
_NUMBER: Final = re.compile(r"[0-9]{10}")
_CALLING_CODE: Final = "234"
_NATIONAL_DIGITS: Final = 10
# paystack.com/docs/api/errors: validation refusals, made before anything exists.
_DOCUMENTED_REFUSALS: Final = frozenset({"missing_params", "invalid_params"})


@dataclass(frozen=True, slots=True)
class _Customer:
    code: str
    account: VirtualAccount | None


class PaystackAccounts:
    """Accounts for naira at ``bank``, which Paystack names by its slug."""

    def __init__(self, http: OutgoingHTTP, *, bank: str) -> None:
        self._http = http
        self._bank = bank

    async def issue_permanent(self, *, reference: str, currency: str, holder: AccountHolder) -> VirtualAccountResult:
        """Lend an account for good, as ``PermanentAccountIssuer`` says; who has one already is told that one again.

        Paystack takes no reference for these. It knows people by their address, which anybody can claim to have, so
        the account of a customer with another phone is not told.

        :raises UnsupportedAmountError: for any currency but naira.
        :raises InvalidReferenceError: if the reference is not one of ours.
        """
        ensure_own_reference(reference)
        if currency != _CURRENCY:
            raise UnsupportedAmountError
        customer = await self._customer(holder, reference=reference)
        if not isinstance(customer, _Customer):
            return customer
        if customer.account is not None:
            return VirtualAccountIssued(customer.account)
        return await self._lend(customer.code, holder, reference=reference)

    async def _customer(
        self, holder: AccountHolder, *, reference: str
    ) -> _Customer | FailedDefinitively[CollectionFacts] | NotSent:
        """Find the holder or make them known. Neither lends anything, so whatever goes wrong may be tried again."""
        exchange = await self._http.call(
            operation="fetch_customer",
            method="GET",
            path=f"/customer/{quote(holder.email, safe='@')}",
            reference=reference,
            repeatable=True,
        )
        if isinstance(exchange, Reply) and exchange.status == HTTPStatus.NOT_FOUND and is_refusal(exchange):
            exchange = await self._http.call(
                operation="customer",
                method="POST",
                path="/customer",
                reference=reference,
                body={
                    "email": holder.email,
                    "first_name": holder.first_name,
                    "last_name": holder.last_name,
                    "phone": holder.phone,
                },
            )
        return _read_customer(exchange, holder)

    async def _lend(self, customer: str, holder: AccountHolder, *, reference: str) -> VirtualAccountResult:
        exchange = await self._http.call(
            operation="dedicated_account",
            method="POST",
            path="/dedicated_account",
            reference=reference,
            body={
                "customer": customer,
                "preferred_bank": self._bank,
                "first_name": holder.first_name,
                "last_name": holder.last_name,
                "phone": holder.phone,
            },
        )
        match exchange:
            case Reply() if is_refusal(exchange):
                return _refused(exchange) or Unknown(refusal_code(exchange))
            case Reply():
                return _read_lent(exchange, customer=customer)
            case NothingLeft():
                return NotSent(exchange.cause)
            case OutcomeUnknown():
                return Unknown(exchange.cause)


def _refused(reply: Reply) -> FailedDefinitively[CollectionFacts] | NotSent | None:
    """Recognize what is known of refusals."""
    if turned_away := held_back(reply):
        return turned_away
    code = refusal_code(reply)
    return FailedDefinitively(code, refusal_reason(reply)) if code in _DOCUMENTED_REFUSALS else None


def _read_customer(
    exchange: Exchange, holder: AccountHolder
) -> _Customer | FailedDefinitively[CollectionFacts] | NotSent:
    if not isinstance(exchange, Reply):
        return NotSent(f"customer_{exchange.cause}")
    if is_refusal(exchange) and (refusal := _refused(exchange)):
        return refusal
    try:
        data = data_of(exchange)
        if text(data, "email").lower() != holder.email.lower():
            return NotSent("customer_mismatch")
        customer = _Customer(text(data, "customer_code"), _current(child(data, "dedicated_account")))
    except OddAnswerError as odd:
        return NotSent(f"customer_{odd.cause}")
    phone = optional_text(data, "phone")
    # Whoever only paid with this address before has left no phone and has no account.
    is_holder = customer.account is None if phone is None else _international(phone) == _international(holder.phone)
    return customer if is_holder else FailedDefinitively("customer_mismatch", "The address is somebody else's.")


def _international(phone: str) -> str:
    """Return the digits of a number with its country's: ``0803…``, ``803…`` and ``+234803…`` occur."""
    digits = "".join(character for character in phone if character.isdigit())
    national = digits.removeprefix("0")
    return f"{_CALLING_CODE}{national}" if len(national) == _NATIONAL_DIGITS else digits


def _read_lent(reply: Reply, *, customer: str) -> VirtualAccountResult:
    try:
        data = data_of(reply)
        if text(child(data, "customer"), "customer_code") != customer:
            return Unknown("customer_mismatch")
        account = _current(data)
    except OddAnswerError as odd:
        return Unknown(odd.cause)
    return Unknown("odd_active") if account is None else VirtualAccountIssued(account)


def _current(data: JSONObject) -> VirtualAccount | None:
    """Return an account, ``None`` if there is none or it has been given up.

    :raises OddAnswerError: if it cannot be read, or is not for naira.
    """
    if not data or data.get("active") is False or data.get("assigned") is False:
        return None
    number, currency = text(data, "account_number"), text(data, "currency")
    # The bank stands under its own name, and under the provider's in older answers.
    bank = optional_text(child(data, "bank"), "name") or optional_text(child(data, "provider"), "bank_name")
    if _NUMBER.fullmatch(number) is None or currency != _CURRENCY or bank is None:
        raise OddAnswerError("account")
    return VirtualAccount(
        account_number=number,
        account_name=text(data, "account_name"),
        bank_name=bank,
        provider_reference=identifier(data, "id"),
    )
