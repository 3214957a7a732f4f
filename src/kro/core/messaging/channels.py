"""What admins see of texts and may switch: ways, budgets, what became of messages, and what was switched off."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Final

from kro.core.actor import Actor
from kro.core.clock import Clock
from kro.core.database.pool import Database
from kro.core.ids import IdSource
from kro.core.messaging.errors import ChannelNotFoundError
from kro.core.messaging.manager import MessagingOptions
from kro.core.messaging.routing import RouteRule
from kro.core.outgoing import BreakerState
from kro.core.sms import Cost, TextChannel, TextVendor

_RANGE: Final = re.compile(r"\+[1-9]\d{5,13}")

_SWITCHES: Final = """
SELECT scope, subject, state, reason, changed_by IS NULL AS by_watch, updated_at FROM text_switches
ORDER BY updated_at DESC, scope, subject LIMIT 500"""

# What a number costs is nobody's business here. Ranges and accounts are told once there was an alarm for them.
_SPEND: Final = """
SELECT scope, subject, spent_minor, alarmed FROM text_spend
WHERE day = $1 AND (scope IN ('total', 'country', 'provider') OR (scope IN ('range', 'account') AND alarmed > 0))
ORDER BY array_position(ARRAY['total', 'country', 'provider', 'range', 'account'], scope), subject LIMIT 500"""

# The bound keeps a month of texts from being read for a glance; the index on the time serves it.
_STATISTICS: Final = """
SELECT a.provider, a.channel, a.network, max(a.carrier) AS carrier, count(*) AS attempts,
       count(*) FILTER (WHERE a.rank >= 2) AS accepted, count(*) FILTER (WHERE a.rank >= 5) AS delivered,
       count(*) FILTER (WHERE a.state = 'failed') AS failed, count(*) FILTER (WHERE a.state = 'refused') AS refused,
       count(*) FILTER (WHERE a.state IN ('unknown', 'sending')) AS in_doubt,
       count(c.consumed_at) AS verified,
       percentile_disc(0.5) WITHIN GROUP (ORDER BY s.ms) AS p50_ms,
       percentile_disc(0.95) WITHIN GROUP (ORDER BY s.ms) AS p95_ms,
       coalesce(sum(a.estimate_minor) FILTER (WHERE a.state <> 'refused'), 0)::bigint AS estimate_minor,
       coalesce(sum(a.cost_micros), 0)::bigint AS cost_micros, max(a.cost_currency) AS cost_currency
FROM text_attempts AS a
LEFT JOIN verification_codes AS c ON c.id = a.subject_id AND a.rank >= 2
CROSS JOIN LATERAL (SELECT (extract(epoch FROM a.delivered_at - a.created_at) * 1000)::bigint AS ms) AS s
WHERE a.created_at > now() - $1::interval
GROUP BY a.provider, a.channel, a.network ORDER BY attempts DESC, a.provider, a.channel, a.network LIMIT 500"""

_UNKNOWN: Final = "SELECT count(*) FROM text_reports WHERE NOT is_known AND last_at > now() - $1::interval"

_TURN: Final = """
WITH turned AS (
    INSERT INTO text_switches AS s (scope, subject, state, reason, changed_by) VALUES ($1, $2, $3, $4, $5)
    ON CONFLICT (scope, subject) DO UPDATE
    SET state = excluded.state, reason = excluded.reason, changed_by = excluded.changed_by, updated_at = now()
    RETURNING s.*
), audited AS (
    INSERT INTO audit_log (id, actor_kind, actor_id, session_id, action, target_type, target_id, result, reason, detail,
                           request_id, ip)
    SELECT $6, $7, $5, $8, 'text_switch.turn', 'text_switches', NULL, 'done', t.reason,
           jsonb_build_object('scope', t.scope, 'subject', t.subject, 'state', t.state), $9, $10 FROM turned AS t)
SELECT scope, subject, state, reason, changed_by IS NULL AS by_watch, updated_at FROM turned"""


class SwitchScope(StrEnum):
    ROUTE = "route"
    PROVIDER = "provider"
    CHANNEL = "channel"
    COUNTRY = "country"
    RANGE = "range"


class SwitchPosition(StrEnum):
    ON = "on"
    OFF = "off"


@dataclass(frozen=True, slots=True)
class TextSwitch:
    """``by_watch``: nobody switched it, the watch over conversions did."""

    scope: SwitchScope
    subject: str
    state: SwitchPosition
    reason: str
    by_watch: bool
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class Budget:
    """What of a day's cap is spent, by estimate, in minor units of the caps' currency."""

    scope: str
    subject: str
    spent_minor: int
    cap_minor: int
    alarmed: int


@dataclass(frozen=True, slots=True)
class Way:
    """A configured route; the breaker is this process's."""

    route: str
    provider: str
    channel: TextChannel
    breaker: BreakerState
    estimate_minor: int
    has_reports: bool


@dataclass(frozen=True, slots=True)
class Overview:
    ways: tuple[Way, ...]
    rules: tuple[RouteRule, ...]
    switches: tuple[TextSwitch, ...]
    budgets: tuple[Budget, ...]
    unknown_reports: int


@dataclass(frozen=True, slots=True)
class Statistics:
    """How texts by one way to one network went. ``verified`` counts codes that were used, by whatever way they came.

    Times are from hand-over to reported delivery. ``cost_micros`` is what the vendor charged, where it says, in
    millionths of ``cost_currency``; ``estimate_minor`` is what the caps counted.
    """

    provider: str
    channel: str
    network: str
    carrier: str | None
    attempts: int
    accepted: int
    delivered: int
    failed: int
    refused: int
    in_doubt: int
    verified: int
    p50_ms: int | None
    p95_ms: int | None
    estimate_minor: int
    cost_micros: int
    cost_currency: str | None


class TextChannels:
    def __init__(
        self,
        database: Database,
        vendors: Sequence[TextVendor],
        *,
        options: MessagingOptions,
        countries: Collection[str],
        clock: Clock,
        ids: IdSource,
    ) -> None:
        self._database = database
        self._vendors = tuple(vendors)
        self._options = options
        self._countries = frozenset(countries)
        self._clock = clock
        self._ids = ids

    async def overview(self) -> Overview:
        """Return every way as it stands now, with what is switched off and what is spent today."""
        options = self._options
        today = self._clock.now().astimezone(UTC).date()
        switches = await self._database.rows(_SWITCHES)
        spend = await self._database.rows(_SPEND, today)
        return Overview(
            ways=tuple(
                Way(
                    vendor.route,
                    vendor.provider,
                    TextChannel(vendor.channel),
                    vendor.breaker(),
                    options.estimates_minor.get(vendor.route, 0),
                    vendor.route in options.reporting,
                )
                for vendor in self._vendors
            ),
            rules=options.rules,
            switches=tuple(TextSwitch(**row) for row in switches),
            budgets=tuple(Budget(**row, cap_minor=options.caps.cap_of(row["scope"], row["subject"])) for row in spend),
            unknown_reports=await self._database.value(_UNKNOWN, timedelta(days=1)),
        )

    async def statistics(self, *, over: timedelta) -> tuple[Statistics, ...]:
        """Return how texts went in the time before now, by vendor, channel and network prefix."""
        return tuple(Statistics(**row) for row in await self._database.rows(_STATISTICS, over))

    async def balances(self) -> Mapping[str, Cost | None]:
        """Ask every vendor what is left on our account; ``None`` where it does not tell."""
        asked = {vendor.provider: vendor for vendor in self._vendors}
        found = await asyncio.gather(*(vendor.balance() for vendor in asked.values()))
        return dict(zip(asked, found, strict=True))

    async def turn(
        self, scope: SwitchScope, subject: str, state: SwitchPosition, *, reason: str, actor: Actor
    ) -> TextSwitch:
        """Turn a switch; the next message heeds it. Who did it and why is on record.

        :raises ChannelNotFoundError: if there is nothing of that name.
        """
        if not self._exists(scope, subject):
            raise ChannelNotFoundError
        row = await self._database.row(
            _TURN,
            scope,
            subject,
            state,
            reason,
            actor.id,
            self._ids.new(),
            actor.kind,
            actor.session_id,
            actor.request_id,
            actor.ip,
        )
        assert row is not None  # noqa: S101 - an insert that is not refused returns its row
        return TextSwitch(**row)

    def _exists(self, scope: SwitchScope, subject: str) -> bool:
        match scope:
            case SwitchScope.ROUTE:
                return any(vendor.route == subject for vendor in self._vendors)
            case SwitchScope.PROVIDER:
                return any(vendor.provider == subject for vendor in self._vendors)
            case SwitchScope.CHANNEL:
                return subject in list(TextChannel)
            case SwitchScope.COUNTRY:
                return subject in self._countries
            case SwitchScope.RANGE:
                return _RANGE.fullmatch(subject) is not None
