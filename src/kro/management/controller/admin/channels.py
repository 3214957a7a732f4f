"""How texts reach people: which ways there are, how they do, what they cost, and what is switched off."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Annotated, Self

from fastapi import Query, Response
from pydantic import Field

from kro.core.actor import Actor
from kro.core.auth.permissions import Permission
from kro.core.guards import admin_with
from kro.core.http import IdempotencyKey, Input, JSONBytes, Line, Output, QueryInput, Router, problems
from kro.core.messaging import ChannelNotFoundError
from kro.core.messaging.channels import Overview, Statistics, SwitchPosition, SwitchScope, TextSwitch
from kro.core.outgoing import BreakerState
from kro.core.reading import from_replica
from kro.core.sms import Cost, TextChannel, TextKind
from kro.management.controller.dependencies import TextChannelsDep

router = Router(prefix="/admin/channels", tags=["admin"])

ChannelReader = Annotated[Actor, admin_with(Permission.CHANNELS_READ)]
ChannelManager = Annotated[Actor, admin_with(Permission.CHANNELS_MANAGE)]


class WayRead(Output):
    route: str = Field(examples=["termii"])
    provider: str
    channel: TextChannel
    breaker: BreakerState = Field(description="Whether the process that answers calls the vendor at the moment.")
    estimate_minor: int = Field(description="What one text counts against the caps, in kobo.")
    has_reports: bool = Field(description="Whether its delivery reports are verified and waited for.")


class RuleRead(Output):
    prefix: str = Field(description="What numbers begin with; the longest prefix that fits counts.")
    kind: TextKind
    via: list[str] = Field(description="Routes in their order; those that are not configured are passed over.")


class TextSwitchRead(Output):
    scope: SwitchScope
    subject: str
    state: SwitchPosition
    reason: str
    by_watch: bool = Field(description="Nobody switched it: too few codes to this range were used.")
    updated_at: datetime

    @classmethod
    def of(cls, switch: TextSwitch) -> Self:
        return cls(
            scope=switch.scope,
            subject=switch.subject,
            state=switch.state,
            reason=switch.reason,
            by_watch=switch.by_watch,
            updated_at=switch.updated_at,
        )


class BudgetRead(Output):
    scope: str = Field(examples=["total", "country", "provider", "range", "account"])
    subject: str
    spent_minor: int
    cap_minor: int
    alarmed: int = Field(description="The highest level an alarm was raised for today: 0, 50, 80 or 100 per cent.")


class ChannelsRead(Output):
    ways: list[WayRead]
    rules: list[RuleRead]
    switches: list[TextSwitchRead]
    budgets: list[BudgetRead]
    unknown_reports: int = Field(description="Reports of the last day about messages that are not ours.")

    @classmethod
    def of(cls, overview: Overview) -> Self:
        return cls(
            ways=[
                WayRead(
                    route=way.route,
                    provider=way.provider,
                    channel=way.channel,
                    breaker=way.breaker,
                    estimate_minor=way.estimate_minor,
                    has_reports=way.has_reports,
                )
                for way in overview.ways
            ],
            rules=[RuleRead(prefix=rule.prefix, kind=rule.kind, via=list(rule.via)) for rule in overview.rules],
            switches=[TextSwitchRead.of(switch) for switch in overview.switches],
            budgets=[
                BudgetRead(
                    scope=budget.scope,
                    subject=budget.subject,
                    spent_minor=budget.spent_minor,
                    cap_minor=budget.cap_minor,
                    alarmed=budget.alarmed,
                )
                for budget in overview.budgets
            ],
            unknown_reports=overview.unknown_reports,
        )


class StatisticsQuery(QueryInput):
    hours: int = Field(default=24, ge=1, le=720, description="How far to look back.")


class TextStatisticsRead(Output):
    """How texts by one way to one network went. Times run from hand-over to reported delivery."""

    provider: str
    channel: TextChannel
    network: str = Field(examples=["+234803"], description="The first digits, as operators were given them.")
    carrier: str | None = Field(description="Whose numbers these once were; people take numbers along.")
    attempts: int
    accepted: int
    delivered: int
    failed: int
    refused: int
    in_doubt: int
    verified: int = Field(description="Codes that were used.")
    delivered_bps: int = Field(description="Delivered in basis points of accepted.")
    p50_ms: int | None
    p95_ms: int | None
    estimate_minor: int = Field(description="What the caps counted, in kobo.")
    cost_micros: int = Field(description="What the vendor said it charges, in millionths of a unit.")
    cost_currency: str | None

    @classmethod
    def of(cls, one: Statistics) -> Self:
        delivered_bps = one.delivered * 10_000 // one.accepted if one.accepted else 0
        return cls(**asdict(one), delivered_bps=delivered_bps)


class TextStatisticsList(Output):
    data: list[TextStatisticsRead]


class VendorBalanceRead(Output):
    provider: str
    micros: int | None = Field(description="What is left, in millionths of a unit; null where the vendor does not say.")
    currency: str | None

    @classmethod
    def of(cls, provider: str, left: Cost | None) -> Self:
        return cls(
            provider=provider,
            micros=None if left is None else left.micros,
            currency=None if left is None else left.currency,
        )


class VendorBalances(Output):
    data: list[VendorBalanceRead]


class TextSwitchIn(Input):
    scope: SwitchScope
    subject: Line = Field(
        examples=["termii"], description="A route, a provider, `sms` or `whatsapp`, a country, or all but 4 digits."
    )
    state: SwitchPosition
    reason: Line = Field(examples=["The vendor's status page reports an incident"])


@router.get("", response_model=ChannelsRead)
async def list_channels(admin: ChannelReader, channels: TextChannelsDep) -> Response:  # noqa: ARG001 - the guard
    """Show the ways for texts, their order, what is switched off and what is spent today."""
    return JSONBytes.of(ChannelsRead.of(await channels.overview()))


@router.get("/statistics", response_model=TextStatisticsList)
@from_replica
async def channel_statistics(
    query: Annotated[StatisticsQuery, Query()],
    admin: ChannelReader,  # noqa: ARG001 - the guard
    channels: TextChannelsDep,
) -> Response:
    """Show delivery, speed and cost of texts by vendor, channel and network."""
    found = await channels.statistics(over=timedelta(hours=query.hours))
    return JSONBytes.of(TextStatisticsList(data=[TextStatisticsRead.of(one) for one in found]))


@router.get("/balances", response_model=VendorBalances)
async def vendor_balances(admin: ChannelReader, channels: TextChannelsDep) -> Response:  # noqa: ARG001 - the guard
    """Ask the vendors what is left on our accounts; an empty wallet is an outage."""
    found = await channels.balances()
    return JSONBytes.of(VendorBalances(data=[VendorBalanceRead.of(name, left) for name, left in found.items()]))


@router.put("/switches", response_model=TextSwitchRead, responses=problems(ChannelNotFoundError))
async def turn_text_switch(
    body: TextSwitchIn,
    admin: ChannelManager,
    key: IdempotencyKey,  # noqa: ARG001 - the same command again leaves the same state, so it is only asked for
    channels: TextChannelsDep,
) -> Response:
    """Switch a way, a country or a range of numbers off or on; the next text heeds it."""
    switch = await channels.turn(body.scope, body.subject, body.state, reason=body.reason, actor=admin)
    return JSONBytes.of(TextSwitchRead.of(switch))
