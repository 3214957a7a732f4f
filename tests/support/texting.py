"""A manager of texts over the production adapters, pointed at the sandbox."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Self
from uuid import UUID

import httpx2

from kro.core.clock import Clock, SystemClock
from kro.core.database.pool import Database
from kro.core.encryption import BlindIndex
from kro.core.ids import SystemIdSource
from kro.core.messaging import (
    Caps,
    MessagingManager,
    MessagingOptions,
    NumberReader,
    RouteRule,
    TextAttempts,
)
from kro.core.notifications.outcome import conclude
from kro.core.outbox import Envelope, Handler
from kro.core.sms import SMS, SMSProvider, SMSResult, TextChannel, TextKind
from kro.core.sms.http_vendor import HTTPVendor
from text_vendors import VENDORS

PLENTY: Final = Caps(
    number_minor=10**9,
    range_minor=10**9,
    account_minor=10**9,
    country_minor=10**9,
    provider_minor=10**9,
    total_minor=10**9,
)
KRO_INDEX: Final = BlindIndex(key=b"k" * 32)


@dataclass
class Texting:
    """Sends through all vendors; what they got is read from the sandbox."""

    database: Database
    url: str
    vendors: Sequence[HTTPVendor]
    caps: Caps = PLENTY
    prices: Mapping[str, int] = field(default_factory=dict)
    reporting: frozenset[str] = frozenset()
    countries: tuple[str, ...] = ("NG",)
    report_seconds: float = 30
    clock: Clock = field(default_factory=SystemClock)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        for vendor in self.vendors:
            await vendor.aclose()

    @property
    def attempts(self) -> TextAttempts:
        return TextAttempts(self.database)

    @property
    def manager(self) -> MessagingManager:
        names = tuple(vendor.route for vendor in self.vendors)
        options = MessagingOptions(
            rules=tuple(RouteRule("", kind, names) for kind in TextKind),
            caps=self.caps,
            estimates_minor=self.prices,
            reporting=self.reporting,
            report_seconds=self.report_seconds,
        )
        return MessagingManager(
            self.vendors,
            attempts=self.attempts,
            numbers=NumberReader(KRO_INDEX, countries=self.countries),
            options=options,
            clock=self.clock,
            ids=SystemIdSource(),
        )

    async def send(self, message: SMS) -> SMSResult:
        return await self.manager.send(message)

    async def states(self, message: SMS) -> list[tuple[str, str]]:
        """Return route and state of every attempt at a message, the oldest first."""
        rows = await self.database.rows(
            "SELECT route, state FROM text_attempts WHERE message_id = $1 ORDER BY created_at, id", message.message_id
        )
        return [(row["route"], row["state"]) for row in rows]

    async def fault(self, vendor: str, kind: str, **more: object) -> None:
        route = vendor
        provider = "twilio" if route == "twilio_whatsapp" else route
        operation = "send_whatsapp" if route == "twilio_whatsapp" else "send"
        await self._post("/_sim/faults", {"vendor": provider, "operation": operation, "kind": kind, **more})

    async def clear(self) -> None:
        async with httpx2.AsyncClient(base_url=self.url) as control:
            (await control.delete("/_sim/faults")).raise_for_status()

    async def options(self, **changes: object) -> None:
        async with httpx2.AsyncClient(base_url=self.url) as control:
            (await control.patch("/_sim/options", json=changes)).raise_for_status()

    async def inbox(self, to: str) -> list[dict[str, Any]]:
        async with httpx2.AsyncClient(base_url=self.url) as control:
            answer = await control.get("/_sim/messages", params={"to": to})
        messages: list[dict[str, Any]] = answer.raise_for_status().json()["messages"]
        return messages

    async def _post(self, path: str, body: Mapping[str, object]) -> None:
        async with httpx2.AsyncClient(base_url=self.url) as control:
            (await control.post(path, json=dict(body))).raise_for_status()


def texting(
    database: Database, url: str, *routes: str, deadlines: Mapping[str, float] | None = None, **more: Any
) -> Texting:
    """Return a manager whose routes are tried in the order given."""
    limits = deadlines or {}
    vendors = [VENDORS[name](url, limits.get(name, 15.0)) for name in routes or VENDORS]
    return Texting(database, url, vendors, **more)


def code(to: str, *, message_id: UUID | None = None, wish: TextChannel = TextChannel.SMS, **more: Any) -> SMS:
    """Return a message with a one-time code."""
    name = f"{message_id or SystemIdSource().new()}.sms"
    return SMS(
        to_e164=to,
        text="KRO: 482913 is your code.",
        message_id=name,
        purpose="otp",
        kind=TextKind.CODE,
        code="482913",
        wish=wish,
        **more,
    )


def notice(to: str, *, message_id: UUID | None = None, account_id: UUID | None = None) -> SMS:
    """Return a notice of money."""
    name = f"{message_id or SystemIdSource().new()}.sms"
    text = "KRO: NGN 5,000.00 is on its way to your bank."
    return SMS(to_e164=to, text=text, message_id=name, purpose="payout", account_id=account_id)


def sending(sms: SMSProvider) -> Handler:
    """Return what sends outbox messages of a plain form: ``{"to", "kind", "text"}``."""

    async def handle(envelope: Envelope) -> None:
        payload = envelope.payload
        message = SMS(
            to_e164=payload["to"],
            text=payload["text"],
            message_id=f"{envelope.id}.sms",
            purpose="demo",
            kind=TextKind(payload["kind"]),
        )
        conclude(await sms.send(message), envelope)

    return handle
