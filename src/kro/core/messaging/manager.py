"""Sends texts by whatever vendor works, so that nobody waits for a code because one of them is sick."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, timedelta
from typing import Final
from uuid import UUID

from kro.core.clock import Clock
from kro.core.ids import IdSource, show_id
from kro.core.messaging.attempts import Cap, NewAttempt, Scene, TextAttempts
from kro.core.messaging.numbers import Number, NumberReader
from kro.core.messaging.routing import DID_NOT_ACT, ENDS, ENDS_CHANNEL, RouteFacts, RouteRule, plan, remaining
from kro.core.messaging.states import Attempt, AttemptState
from kro.core.sms import (
    SMS,
    MessageAccepted,
    MessageOutcomeUnknown,
    MessageRefused,
    SMSResult,
    TextChannel,
    TextKind,
    TextVendor,
)
from kro.core.telemetry import get_logger

_LOG = get_logger()
_NO_ROUTE: Final = MessageRefused("no_route", permanent=False)
_ONE_VENDOR_SECONDS: Final = 7_200
"""How long a notice waits when only one vendor's money is spent: the outbox tries often enough to reach midnight."""
# A cap on one vendor leaves the others; these would refuse them as well.
_CAPPED: Final = frozenset(f"spend_cap_{scope}" for scope in ("total", "country", "range", "number", "account"))


@dataclass(frozen=True, slots=True)
class Caps:
    """What a day's texts may cost by estimate, in minor units.

    ``range_minor`` holds for every block of ten thousand numbers, ``ranges`` for all numbers with a prefix beside it.
    ``account_minor`` is what one account may ask for, to whatever numbers.
    """

    number_minor: int
    range_minor: int
    account_minor: int
    country_minor: int
    provider_minor: int
    total_minor: int
    ranges: Mapping[str, int] = field(default_factory=dict)

    def of(self, number: Number, route: RouteFacts, *, account_id: UUID | None) -> tuple[Cap, ...]:
        """Return what holds for one text, widest first: everybody locks in this order."""
        account = () if account_id is None else (Cap("account", show_id("usr", account_id), self.account_minor),)
        return (
            Cap("total", "", self.total_minor),
            Cap("country", number.country, self.country_minor),
            *(Cap("range", prefix, most) for prefix, most in sorted(self._ranges(number).items())),
            Cap("provider", route.provider, self.provider_minor),
            Cap("number", number.index, self.number_minor),
            *account,
        )

    def cap_of(self, scope: str, subject: str) -> int:
        """Return what a subject of a scope may cost, for who reads what was spent."""
        if scope == "range":
            return self.ranges.get(subject, self.range_minor)
        by_scope = {"account": self.account_minor, "country": self.country_minor, "provider": self.provider_minor}
        return by_scope.get(scope, self.total_minor)

    def _ranges(self, number: Number) -> Mapping[str, int]:
        configured = {prefix: most for prefix, most in self.ranges.items() if number.range.startswith(prefix)}
        return {number.range: self.range_minor} | configured


@dataclass(frozen=True, slots=True)
class MessagingOptions:
    """``report_seconds`` is how long a code waits for its delivery report; routes not in ``reporting`` give none."""

    rules: tuple[RouteRule, ...]
    caps: Caps
    estimates_minor: Mapping[str, int] = field(default_factory=dict)
    reporting: frozenset[str] = frozenset()
    report_seconds: float = 30
    extra_codes: int = 2
    extra_notices: int = 1
    remember_days: int = 30


class MessagingManager:
    """The interface of one vendor over all of them: order, failover, caps and memory are its own business.

    Called again for the same message it sends nothing as long as an earlier attempt may still arrive. Once one has
    failed, or a code's report has not come in time, the next call takes the next route.
    """

    def __init__(
        self,
        vendors: Sequence[TextVendor],
        *,
        attempts: TextAttempts,
        numbers: NumberReader,
        options: MessagingOptions,
        clock: Clock,
        ids: IdSource,
    ) -> None:
        self._vendors = {vendor.route: vendor for vendor in vendors}
        self._routes = {
            vendor.route: RouteFacts(vendor.route, vendor.provider, TextChannel(vendor.channel)) for vendor in vendors
        }
        self._attempts = attempts
        self._numbers = numbers
        self._options = options
        self._clock = clock
        self._ids = ids

    async def send(self, message: SMS) -> SMSResult:
        """Hand one message to the first vendor that takes it."""
        number = self._numbers.read(message.to_e164)
        if number is None:
            return MessageRefused("number_not_served", permanent=True)
        scene = await self._attempts.scene(message.message_id, number, days=self._options.remember_days)
        if (known := self._already(message, scene)) is not None:
            return known
        if (stopped := scene.switches.stops(number)) is not None:
            return MessageRefused(stopped, permanent=message.kind is TextKind.CODE)
        most = 1 + (self._options.extra_codes if message.kind is TextKind.CODE else self._options.extra_notices)
        routes = plan(
            number=number,
            kind=message.kind,
            wish=message.wish,
            rules=self._options.rules,
            routes=self._routes,
            switches=scene.switches,
            attempts=scene.attempts,
            last_good=scene.last_good,
        )
        left = remaining(scene.attempts, most=most)
        result = await self._try(message, number, routes, left=left)
        if result is _NO_ROUTE:
            return _as_before(scene.attempts, message.kind) or result
        return result

    def _already(self, message: SMS, scene: Scene) -> SMSResult | None:
        """Return the answer if nothing is to be sent, because an attempt lives or a notice is in doubt."""
        live = next((one for one in scene.attempts if one.is_live), None)
        if live is not None:
            return MessageAccepted(live.provider, live.provider_message_id or "")
        states = {one.state for one in scene.attempts}
        if message.kind is TextKind.NOTICE and AttemptState.UNKNOWN in states:
            return MessageOutcomeUnknown("in_doubt", repeatable=False)
        return None

    async def _try(self, message: SMS, number: Number, routes: Sequence[RouteFacts], *, left: int) -> SMSResult:
        result: SMSResult = _NO_ROUTE
        closed: set[TextChannel] = set()
        for route in routes:
            if left <= 0:
                break
            if route.channel in closed:
                continue
            result = await self._attempt(message, number, route)
            match result:
                case MessageAccepted():
                    return result
                case MessageOutcomeUnknown():
                    left -= 1
                    if message.kind is not TextKind.CODE:
                        return replace(result, repeatable=False)
                case MessageRefused(code=code):
                    if code in ENDS or code in _CAPPED:
                        return result
                    if code in ENDS_CHANNEL:
                        closed.add(route.channel)
        return result

    async def _attempt(self, message: SMS, number: Number, route: RouteFacts) -> SMSResult:
        """Send by one route; the row comes first, so that a crash leaves a trace."""
        caps = self._options.caps.of(number, route, account_id=message.account_id)
        new = NewAttempt(
            id=self._ids.new(),
            message=message,
            number=number,
            route=route,
            estimate_minor=self._options.estimates_minor.get(route.name, 0),
            spent_on=self._clock.now().astimezone(UTC).date(),
        )
        capped = await self._attempts.begin(new, caps, [self._ids.new() for _ in caps])
        if capped is not None:
            _LOG.warning("text_capped", provider=route.provider, reason_code=capped)
            return self._capped(capped, message.kind)
        result = await self._vendors[route.name].send(replace(message, message_id=str(new.id)))
        if isinstance(result, MessageOutcomeUnknown) and result.cause in DID_NOT_ACT:
            result = MessageRefused("server_error", permanent=False)
        await self._record(new, caps, result)
        return result

    def _capped(self, scope: str, kind: TextKind) -> MessageRefused:
        """Refuse a code for good, which is of no use tomorrow, and a notice until money can be spent again."""
        if kind is TextKind.CODE:
            return MessageRefused(f"spend_cap_{scope}", permanent=True)
        now = self._clock.now().astimezone(UTC)
        midnight = now.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
        left = math.ceil((midnight - now).total_seconds())
        wait = left if f"spend_cap_{scope}" in _CAPPED else min(left, _ONE_VENDOR_SECONDS)
        return MessageRefused(f"spend_cap_{scope}", permanent=False, retry_after_seconds=wait)

    async def _record(self, attempt: NewAttempt, caps: Sequence[Cap], result: SMSResult) -> None:
        route = attempt.route
        facts = {"provider": route.provider, "channel": route.channel, "message_id": attempt.id}
        match result:
            case MessageAccepted():
                waits = attempt.message.kind is TextKind.CODE and route.name in self._options.reporting
                patience = self._options.report_seconds if waits else None
                await self._attempts.accept(attempt.id, result, patience=patience)
                _LOG.info("text_attempt", outcome="accepted", **facts)
            case MessageRefused(code=code):
                await self._attempts.refuse(attempt, caps, code)
                _LOG.warning("text_attempt", outcome="refused", reason_code=code, **facts)
            case MessageOutcomeUnknown(cause=cause):
                await self._attempts.doubt(attempt.id, cause)
                _LOG.warning("text_attempt", outcome="unknown", reason_code=cause, **facts)


def _as_before(attempts: Sequence[Attempt], kind: TextKind) -> SMSResult | None:
    """Return what earlier attempts came to, where there is no way left to better it."""
    left = [one for one in attempts if one.has_left]
    if not left:
        return None
    if kind is TextKind.NOTICE and all(one.state is AttemptState.FAILED for one in left):
        return MessageRefused("undelivered", permanent=True)
    return MessageAccepted(left[-1].provider, left[-1].provider_message_id or "")
