"""Which way a message goes next. Pure: what is known comes in, an order of routes comes out."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from kro.core.messaging.numbers import Number
from kro.core.messaging.states import Attempt, AttemptState
from kro.core.sms import TextChannel, TextKind

# What is wrong with the number itself: no other way changes it.
ENDS: Final = frozenset({"invalid_number"})
# What is wrong with the number on one channel only.
ENDS_CHANNEL: Final = frozenset({"opted_out", "not_on_whatsapp"})
# Answers in which the vendor itself says that it failed. What a gateway says (502, 504) hides what happened behind it.
DID_NOT_ACT: Final = frozenset({"status_500", "status_503"})


@dataclass(frozen=True, slots=True)
class RouteRule:
    """The routes, by name and in order, of one kind of message to numbers that begin with a prefix."""

    prefix: str
    kind: TextKind
    via: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RouteFacts:
    """A route that is configured."""

    name: str
    provider: str
    channel: TextChannel


@dataclass(frozen=True, slots=True)
class Switches:
    """What is switched off, as ``(scope, subject)``."""

    off: frozenset[tuple[str, str]] = frozenset()

    def lets(self, route: RouteFacts) -> bool:
        """Say whether a route may be used."""
        return not self.off & {("route", route.name), ("provider", route.provider), ("channel", route.channel)}

    def stops(self, number: Number) -> str | None:
        """Return why nothing may be sent to a number, or ``None``."""
        if ("country", number.country) in self.off:
            return "country_off"
        return "range_paused" if ("range", number.range) in self.off else None


def plan(
    *,
    number: Number,
    kind: TextKind,
    wish: TextChannel,
    rules: Sequence[RouteRule],
    routes: Mapping[str, RouteFacts],
    switches: Switches,
    attempts: Sequence[Attempt],
    last_good: str | None,
) -> tuple[RouteFacts, ...]:
    """Return the routes to try: first those of the wished channel, among them the one that last worked, then as ruled.

    A route that a message has left by is not used again, with one exception: a notice whose worker died in the middle
    goes the same way once more, because another vendor would certainly deliver it twice if the first one has it.
    """
    ruled = [routes[name] for name in _ruled(number, kind, rules) if name in routes]
    usable = [route for route in ruled if switches.lets(route)]
    interrupted = [one.route for one in attempts if one.state is AttemptState.SENDING]
    if kind is TextKind.NOTICE and interrupted:
        return tuple(route for route in usable if route.name == interrupted[-1])
    used = {one.route for one in attempts if one.has_left}
    fresh = [route for route in usable if route.name not in used]
    return tuple(sorted(fresh, key=lambda route: (route.channel is not wish, route.name != last_good)))


def _ruled(number: Number, kind: TextKind, rules: Sequence[RouteRule]) -> tuple[str, ...]:
    fitting = [rule for rule in rules if rule.kind is kind and number.e164.startswith(rule.prefix)]
    return max(fitting, key=lambda rule: len(rule.prefix)).via if fitting else ()


def remaining(attempts: Collection[Attempt], *, most: int) -> int:
    """Return how many more times a message may be sent."""
    return max(0, most - sum(one.has_left for one in attempts))
