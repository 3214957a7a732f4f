"""Where money can be sent: the list of banks, whose an account is, and what there is to send."""

from __future__ import annotations

import re
from http import HTTPStatus
from typing import Final

from kro.core.money import Money
from kro.core.outgoing import Exchange, OutgoingHTTP, Reply
from kro.payment.providers.errors import ProviderUnavailableError
from kro.payment.providers.fincra.reading import (
    JSONObject,
    OddAnswerError,
    data_of,
    door_cause,
    error_type,
    is_refusal,
    is_turned_away,
    items_of,
    optional_text,
)
from kro.payment.providers.fincra.units import balance_from_major
from kro.payment.providers.results import Bank, NotResolved, ResolvedAccount

_COUNTRIES: Final = {"NGN": "NG"}
_ACCOUNT_NUMBER: Final = re.compile(r"[0-9]{10}")
_BANK_CODE: Final = re.compile(r"[0-9A-Za-z]{2,10}")
# Reference of POST /core/accounts/resolve: both come with 422.
_NOT_RESOLVED: Final = {"ACCOUNT_RESOLVE_FAILED": "account_not_found", "UNPROCESSABLE_ENTITY": "invalid_account"}


class FincraBanks:
    """The bank directory and account name resolution, for naira."""

    def __init__(self, http: OutgoingHTTP) -> None:
        self._http = http

    async def list_banks(self, *, currency: str) -> tuple[Bank, ...]:
        country = _COUNTRIES.get(currency)
        if country is None:
            return ()
        reply = _usable(
            await self._http.call(
                operation="banks",
                method="GET",
                path="/core/banks",
                query={"currency": currency, "country": country},
                repeatable=True,
            )
        )
        try:
            found = {bank.code: bank for bank in map(_read_bank, items_of(reply)) if bank is not None}
        except OddAnswerError as odd:
            raise ProviderUnavailableError(cause=odd.cause) from None
        return tuple(sorted(found.values(), key=lambda bank: bank.name))

    async def resolve(self, *, account_number: str, bank_code: str) -> ResolvedAccount | NotResolved:
        if _ACCOUNT_NUMBER.fullmatch(account_number) is None or _BANK_CODE.fullmatch(bank_code) is None:
            return NotResolved("invalid_account")
        reply = _usable(
            await self._http.call(
                operation="resolve",
                method="POST",
                path="/core/accounts/resolve",
                body={"currency": "NGN", "type": "nuban", "accountNumber": account_number, "bankCode": bank_code},
                # It only asks, whatever its method.
                repeatable=True,
            )
        )
        if reply.status == HTTPStatus.UNPROCESSABLE_ENTITY and is_refusal(reply) and error_type(reply) in _NOT_RESOLVED:
            return NotResolved(_NOT_RESOLVED[error_type(reply)])
        try:
            data = data_of(reply)
        except OddAnswerError as odd:
            raise ProviderUnavailableError(cause=odd.cause) from None
        # Older answers say ``number`` and ``name``, and leave the bank out.
        named, owner = optional_text(data, "accountNumber", "number"), optional_text(data, "accountName", "name")
        if named != account_number or optional_text(data, "bankCode") not in {None, bank_code}:
            raise ProviderUnavailableError(cause="account_mismatch")
        if owner is None:
            raise ProviderUnavailableError(cause="odd_accountName")
        return ResolvedAccount(account_number=account_number, bank_code=bank_code, account_name=owner)


class FincraBalances:
    """The wallets, where collections settle and payouts come from."""

    def __init__(self, http: OutgoingHTTP, *, business_id: str) -> None:
        self._http = http
        self._business_id = business_id

    async def balance(self, *, currency: str) -> Money:
        reply = _usable(
            await self._http.call(
                operation="wallets",
                method="GET",
                path="/wallets",
                query={"businessID": self._business_id, "currency": currency},
                repeatable=True,
            )
        )
        try:
            return Money(_available(items_of(reply), currency=currency), currency)
        except OddAnswerError as odd:
            raise ProviderUnavailableError(cause=odd.cause) from None


def _available(wallets: list[JSONObject], *, currency: str) -> int:
    ours = [wallet for wallet in wallets if wallet.get("currency") == currency]
    if len(ours) != 1:
        raise OddAnswerError("wallets")
    return balance_from_major(ours[0].get("availableBalance"), currency=currency)


def _usable(exchange: Exchange) -> Reply:
    if not isinstance(exchange, Reply):
        raise ProviderUnavailableError(cause=exchange.cause)
    if is_turned_away(exchange):
        raise ProviderUnavailableError(cause=door_cause(exchange), retry_after_seconds=exchange.retry_after_seconds)
    return exchange


def _read_bank(entry: JSONObject) -> Bank | None:
    """Read one entry of the directory; an odd one is left out."""
    code, name = optional_text(entry, "code"), optional_text(entry, "name")
    return None if code is None or name is None else Bank(code=code, name=name, slug=code)
