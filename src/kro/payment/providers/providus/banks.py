"""Where money can be sent: the list of banks, whose an account is, and what is on ours."""

from __future__ import annotations

import re
from http import HTTPStatus
from typing import Final

from kro.core.money import Money
from kro.core.outgoing import Exchange, JSONValue, Reply
from kro.payment.providers.errors import ProviderUnavailableError, UnsupportedAmountError
from kro.payment.providers.providus.bank_codes import OWN_BANK, BankCodes
from kro.payment.providers.providus.codes import CODES, Meaning
from kro.payment.providers.providus.reading import (
    ACCOUNT_NUMBER,
    JSONObject,
    OddAnswerError,
    account_number,
    optional_text,
    response_code,
    text,
)
from kro.payment.providers.providus.transfer_api import TransferAPI
from kro.payment.providers.providus.units import CURRENCY, from_naira
from kro.payment.providers.results import Bank, NotResolved, ResolvedAccount

_NIP_CODE: Final = re.compile(r"[0-9]{6}")
_SLUG: Final = re.compile(r"[^a-z0-9]+")
# Whatever else an enquiry is refused with is about the call, not about the account.
_NO_SUCH_ACCOUNT: Final = {
    "07": "account_not_found",
    "7702": "account_not_found",
    "7703": "account_dormant",
    "16": "unknown_bank",
}


class ProvidusBanks:
    """The interbank directory, name enquiry, and the balance of our own account."""

    def __init__(self, api: TransferAPI, *, codes: BankCodes, own_account: str) -> None:
        self._api = api
        self._codes = codes
        self._own_account = own_account

    async def list_banks(self, *, currency: str) -> tuple[Bank, ...]:
        """Return the banks by the switch's six-digit codes; there are none but for naira."""
        if currency != CURRENCY:
            return ()
        # The one call without credentials.
        exchange = await self._api.http.call(operation="banks", method="GET", path="/GetNIPBanks", repeatable=True)
        listed = _succeeded(exchange).get("banks")
        if not isinstance(listed, list):
            raise ProviderUnavailableError(cause="odd_banks")
        found = {bank.code: bank for bank in map(_read_bank, listed) if bank is not None}
        return tuple(sorted(found.values(), key=lambda bank: bank.name))

    async def resolve(self, *, account_number: str, bank_code: str) -> ResolvedAccount | NotResolved:
        """Ask for the holder of an account; ``bank_code`` may be the switch's or the central bank's."""
        if ACCOUNT_NUMBER.fullmatch(account_number) is None:
            return NotResolved("invalid_account")
        bank = self._codes.nip(bank_code)
        if bank is None:
            return NotResolved("unknown_bank")
        exchange = await self._enquire(account_number, bank=bank)
        if (refused := _refusal(exchange)) is not None:
            return refused
        return _read_owner(_succeeded(exchange), number=account_number, bank_code=bank_code, bank=bank)

    async def balance(self, *, currency: str) -> Money:
        """Return what our account at the bank would pay out.

        :raises UnsupportedAmountError: for any currency but naira.
        :raises ProviderUnavailableError: if there was no usable answer.
        """
        if currency != CURRENCY:
            raise UnsupportedAmountError
        exchange = await self._api.post(
            "balance", "/GetProvidusAccount", {"accountNumber": self._own_account}, repeatable=True
        )
        body = _succeeded(exchange)
        try:
            named, balance = account_number(body, "accountNumber"), from_naira(body.get("availableBalance"))
        except OddAnswerError as odd:
            raise ProviderUnavailableError(cause=odd.cause) from None
        if named != self._own_account:
            raise ProviderUnavailableError(cause="account_mismatch")
        return Money(balance, CURRENCY)

    async def _enquire(self, number: str, *, bank: str) -> Exchange:
        if bank == OWN_BANK:
            return await self._api.post("resolve", "/GetProvidusAccount", {"accountNumber": number}, repeatable=True)
        body: dict[str, JSONValue] = {"accountNumber": number, "beneficiaryBank": bank}
        return await self._api.post("resolve", "/GetNIPAccount", body, repeatable=True)


def _succeeded(exchange: Exchange) -> JSONObject:
    if not isinstance(exchange, Reply):
        raise ProviderUnavailableError(cause=exchange.cause)
    if exchange.status == HTTPStatus.TOO_MANY_REQUESTS:
        raise ProviderUnavailableError(cause="rate_limited", retry_after_seconds=exchange.retry_after_seconds)
    try:
        code = response_code(exchange)
    except OddAnswerError as odd:
        raise ProviderUnavailableError(cause=odd.cause) from None
    known = CODES.get(code)
    if known is None or known.meaning is not Meaning.SUCCEEDED:
        raise ProviderUnavailableError(cause=f"code_{code}")
    return exchange.object


def _refusal(exchange: Exchange) -> NotResolved | None:
    if not isinstance(exchange, Reply):
        return None
    try:
        known = _NO_SUCH_ACCOUNT.get(response_code(exchange))
    except OddAnswerError:
        return None
    return None if known is None else NotResolved(known)


def _read_owner(body: JSONObject, *, number: str, bank_code: str, bank: str) -> ResolvedAccount:
    try:
        named, name = account_number(body, "accountNumber"), text(body, "accountName")
    except OddAnswerError as odd:
        raise ProviderUnavailableError(cause=odd.cause) from None
    # An answer about the bank's own accounts names no bank.
    if named != number or (optional_text(body, "bankCode") or bank) != bank:
        raise ProviderUnavailableError(cause="account_mismatch")
    return ResolvedAccount(account_number=number, bank_code=bank_code, account_name=name)


def _read_bank(item: JSONValue) -> Bank | None:
    """Read one entry of the directory; an odd one is left out."""
    entry: JSONObject = item if isinstance(item, dict) else {}
    code, name = optional_text(entry, "bankCode"), optional_text(entry, "bankName")
    if code is None or name is None or _NIP_CODE.fullmatch(code) is None:
        return None
    return Bank(code=code, name=name, slug=_SLUG.sub("-", name.lower()).strip("-") or code)
