"""Identity look-ups at Dojah. Everything that is its wire format is in this file.

The paths, headers and field names follow its published client documentation and were not tried against the service;
base URL and paths are configuration so that they can be put right without a release.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Final, Self

from kro.core.kyc.identity import (
    IdentityKind,
    IdentityResult,
    Matched,
    Names,
    NotFound,
    PersonOnRecord,
    Refused,
    Unknown,
)
from kro.core.outgoing import (
    CallRecorder,
    JSONValue,
    NotSent,
    OutcomeUnknown,
    OutgoingHTTP,
    OutgoingSettings,
    Reply,
    RetryPolicy,
)

if TYPE_CHECKING:
    import httpx2

_PROVIDER: Final = "dojah"
_LONGEST_NAME: Final = 200
# The two registers spell their dates differently, and differently over the years.
_DATES: Final = ("%Y-%m-%d", "%d-%m-%Y", "%d/%m/%Y", "%d-%b-%Y")
_NOT_FOUND_WORD: Final = "not found"


@dataclass(frozen=True, slots=True)
class DojahSettings:
    app_id: str
    secret_key: str = field(repr=False)
    base_url: str = "https://api.dojah.io"
    bvn_path: str = "/api/v1/kyc/bvn/full"
    nin_path: str = "/api/v1/kyc/nin"


class DojahIdentity:
    """Asks for the whole record and compares nothing there: the rule of what agrees is ours."""

    def __init__(
        self,
        settings: DojahSettings,
        *,
        transport: httpx2.AsyncBaseTransport | None = None,
        retry: RetryPolicy | None = None,
        recorder: CallRecorder | None = None,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        self._paths = {IdentityKind.BVN: settings.bvn_path, IdentityKind.NIN: settings.nin_path}
        self._http = OutgoingHTTP(
            # Bodies are kept nowhere: an answer is a person's whole record, with a portrait.
            OutgoingSettings(provider=_PROVIDER, base_url=settings.base_url, keeps_exchanges=False),
            headers={"AppId": settings.app_id, "Authorization": settings.secret_key},
            transport=transport,
            retry=retry,
            recorder=recorder,
            sleep=sleep,
        )

    @property
    def name(self) -> str:
        return _PROVIDER

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def resolve(self, kind: IdentityKind, number: str, *, names: Names, born: date) -> IdentityResult:  # noqa: ARG002 - see the class
        exchange = await self._http.call(
            operation=f"resolve_{kind}",
            method="GET",
            path=self._paths[kind],
            query={kind.value: number},
            repeatable=True,
        )
        match exchange:
            case Reply():
                return _read(exchange)
            case NotSent():
                return Unknown("not_sent")
            case OutcomeUnknown():
                return Unknown(exchange.cause)


def _read(reply: Reply) -> IdentityResult:
    match reply.status:
        case HTTPStatus.OK:
            return _person(reply.object)
        case HTTPStatus.NOT_FOUND:
            # A wrong path answers 404 as well, and says nothing about a number.
            told = str(reply.object.get("error", "")).lower()
            return NotFound() if _NOT_FOUND_WORD in told else Unknown("odd_answer")
        case HTTPStatus.UNAUTHORIZED | HTTPStatus.FORBIDDEN:
            return Refused("unauthorized")
        case HTTPStatus.PAYMENT_REQUIRED:
            return Refused("insufficient_balance")
        case HTTPStatus.BAD_REQUEST | HTTPStatus.UNPROCESSABLE_ENTITY:
            return Refused("invalid_request")
        case _:
            return Unknown(f"status_{reply.status}")


def _person(answer: Mapping[str, JSONValue]) -> IdentityResult:
    entity = answer.get("entity")
    if not isinstance(entity, dict):
        return Unknown("odd_answer")
    first, last = _text(entity.get("first_name")), _text(entity.get("last_name"))
    if first is None or last is None:
        return Unknown("odd_answer")
    names = Names(first, last, _text(entity.get("middle_name")))
    reference = _text(answer.get("reference_id"))
    return Matched(PersonOnRecord(names, _date(entity.get("date_of_birth"))), reference=reference)


def _text(value: JSONValue) -> str | None:
    """Return a short text without surrounding space; anything else is nothing."""
    if not isinstance(value, str) or not value.strip() or len(value) > _LONGEST_NAME:
        return None
    return value.strip()


def _date(value: JSONValue) -> date | None:
    if not isinstance(value, str):
        return None
    for form in _DATES:
        try:
            return datetime.strptime(value.strip(), form).date()  # noqa: DTZ007 - a birthday has no time zone
        except ValueError:
            continue
    return None
