"""What every vendor of text messages over HTTP shares."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from http import HTTPStatus
from typing import TYPE_CHECKING, Final, Self, TypedDict

from kro.core.outgoing import (
    BreakerState,
    CallRecorder,
    Exchange,
    GateRules,
    NotSent,
    OutgoingHTTP,
    OutgoingSettings,
    Reply,
    RetryPolicy,
)
from kro.core.sms.interface import SMS, Cost, MessageOutcomeUnknown, MessageRefused, SMSResult, TextChannel

if TYPE_CHECKING:
    import httpx2

_MICROS: Final = 1_000_000
_LARGEST: Final = Decimal(10) ** 12


@dataclass(frozen=True, slots=True)
class Way:
    """A vendor's way to people: its name among routes, whose ids it gives, and the operation its breaker guards."""

    route: str
    provider: str
    channel: TextChannel
    operation: str


class Outside(TypedDict, total=False):
    transport: httpx2.AsyncBaseTransport | None
    retry: RetryPolicy | None
    gates: GateRules | None
    recorder: CallRecorder | None
    sleep: Callable[[float], Awaitable[object]]


class HTTPVendor(ABC):
    def __init__(
        self,
        way: Way,
        *,
        base_url: str,
        headers: Mapping[str, str] | None = None,
        deadline_seconds: float = 25,
        transport: httpx2.AsyncBaseTransport | None = None,
        retry: RetryPolicy | None = None,
        gates: GateRules | None = None,
        recorder: CallRecorder | None = None,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        self._way = way
        self._http = OutgoingHTTP(
            OutgoingSettings(
                provider=way.provider,
                base_url=base_url,
                read_seconds=min(15, deadline_seconds),
                deadline_seconds=deadline_seconds,
            ),
            headers=headers,
            transport=transport,
            retry=retry,
            gates=gates,
            recorder=recorder,
            sleep=sleep,
        )

    @property
    def route(self) -> str:
        return self._way.route

    @property
    def provider(self) -> str:
        return self._way.provider

    @property
    def channel(self) -> TextChannel:
        return self._way.channel

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    @abstractmethod
    async def send(self, message: SMS) -> SMSResult:
        """Hand one message to the vendor."""

    def breaker(self) -> BreakerState:
        return self._http.breakers().get(self._way.operation, BreakerState.CLOSED)

    async def balance(self) -> Cost | None:
        return None


def concluded(exchange: Exchange, read: Callable[[Reply], SMSResult]) -> SMSResult:
    """Turn a call into a result: ``read`` has the word where the vendor answered."""
    match exchange:
        case Reply():
            return read(exchange)
        case NotSent():
            return MessageRefused("not_sent", permanent=False)
        case _:
            return MessageOutcomeUnknown(exchange.cause)


def refused(code: str, reply: Reply, *, permanent: frozenset[str]) -> MessageRefused:
    """Return a refusal, final for this number if its code is among ``permanent``."""
    return MessageRefused(code, permanent=code in permanent, retry_after_seconds=reply.retry_after_seconds)


def code_by_status(status: int) -> str | None:
    """Return what a status says where the vendor's own code says nothing."""
    if status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}:
        return "unauthorized"
    return "rate_limited" if status == HTTPStatus.TOO_MANY_REQUESTS else None


def price(amount: object, currency: object) -> Cost | None:
    """Read a vendor's price, a text or a number; ``None`` if it is not one. Some write what they take as negative."""
    try:
        value = abs(Decimal(str(amount)))
    except InvalidOperation:
        return None
    # Whatever else a comparison with NaN is, it is not true.
    if not (value.is_finite() and value < _LARGEST) or not isinstance(currency, str):
        return None
    return Cost(round(value * _MICROS), currency.upper())


def money_of(exchange: Exchange, *, amount: str, currency: str) -> Cost | None:
    """Read a balance out of a flat answer."""
    if not isinstance(exchange, Reply) or exchange.status != HTTPStatus.OK:
        return None
    return price(exchange.object.get(amount), exchange.object.get(currency))
