"""Where money can be sent: the list of banks, and whose an account is."""

from __future__ import annotations

import re
from http import HTTPStatus
from typing import Final

from kro.core.outgoing import Exchange, JSONValue, OutgoingHTTP, Reply
from kro.payment.providers.errors import ProviderUnavailableError
from kro.payment.providers.paystack.reading import (
    JSONObject,
    OddAnswerError,
    child,
    data_of,
    is_refusal,
    optional_text,
    text,
)
from kro.payment.providers.results import Bank, NotResolved, ResolvedAccount

_COUNTRIES: Final = {"NGN": "nigeria", "GHS": "ghana", "KES": "kenya", "ZAR": "south africa"}
_MAX_PAGES: Final = 20
_ACCOUNT_NUMBER: Final = re.compile(r"[0-9]{10}")
_BANK_CODE: Final = re.compile(r"[0-9A-Za-z]{2,10}")
# Which of these an unknown account gets is not documented, so all of them count (verification, resolve account).
_NO_SUCH_ACCOUNT: Final = frozenset({HTTPStatus.BAD_REQUEST, HTTPStatus.NOT_FOUND, HTTPStatus.UNPROCESSABLE_ENTITY})


class PaystackBanks:
    """The bank directory and account name resolution."""

    def __init__(self, http: OutgoingHTTP) -> None:
        self._http = http

    async def list_banks(self, *, currency: str) -> tuple[Bank, ...]:
        found: dict[str, Bank] = {}
        cursor: str | None = None
        for _ in range(_MAX_PAGES):
            items, cursor = await self._page_of_banks(currency, cursor=cursor)
            found.update({bank.code: bank for bank in map(_read_bank, items) if bank is not None})
            if cursor is None:
                break
        return tuple(sorted(found.values(), key=lambda bank: bank.name))

    async def resolve(self, *, account_number: str, bank_code: str) -> ResolvedAccount | NotResolved:
        if _ACCOUNT_NUMBER.fullmatch(account_number) is None or _BANK_CODE.fullmatch(bank_code) is None:
            return NotResolved("invalid_account")
        exchange = await self._http.call(
            operation="resolve",
            method="GET",
            path="/bank/resolve",
            query={"account_number": account_number, "bank_code": bank_code},
            repeatable=True,
        )
        if isinstance(exchange, Reply) and exchange.status in _NO_SUCH_ACCOUNT and is_refusal(exchange):
            return NotResolved("account_not_found")
        try:
            data = data_of(_usable(exchange))
            named, account_name = text(data, "account_number"), text(data, "account_name")
        except OddAnswerError as odd:
            raise ProviderUnavailableError(cause=odd.cause) from None
        if named != account_number:
            raise ProviderUnavailableError(cause="account_mismatch")
        return ResolvedAccount(account_number=account_number, bank_code=bank_code, account_name=account_name)

    async def _page_of_banks(self, currency: str, *, cursor: str | None) -> tuple[list[JSONValue], str | None]:
        query = {"currency": currency, "perPage": "100", "use_cursor": "true"}
        if country := _COUNTRIES.get(currency):
            query["country"] = country
        if cursor:
            query["next"] = cursor
        reply = _usable(
            await self._http.call(operation="banks", method="GET", path="/bank", query=query, repeatable=True)
        )
        data = reply.object.get("data")
        if reply.status != HTTPStatus.OK or not isinstance(data, list):
            raise ProviderUnavailableError(cause="odd_banks")
        return data, optional_text(child(reply.object, "meta"), "next")


def _usable(exchange: Exchange) -> Reply:
    if not isinstance(exchange, Reply):
        raise ProviderUnavailableError(cause=exchange.cause)
    if exchange.status == HTTPStatus.TOO_MANY_REQUESTS:
        raise ProviderUnavailableError(cause="rate_limited", retry_after_seconds=exchange.retry_after_seconds)
    return exchange


def _read_bank(item: JSONValue) -> Bank | None:
    """Read one entry of the directory; one that cannot receive transfers, or is odd, is left out."""
    entry: JSONObject = item if isinstance(item, dict) else {}
    code, name, slug = (optional_text(entry, key) for key in ("code", "name", "slug"))
    usable = entry.get("active") is not False and not entry.get("is_deleted")
    if not code or not name or not usable or entry.get("supports_transfer") is False:
        return None
    return Bank(code=code, name=name, slug=slug or code)
