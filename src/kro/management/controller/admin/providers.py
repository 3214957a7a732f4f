"""How the providers are doing, what they may do, and what was said to them."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Annotated, Self

from fastapi import Query, Response
from pydantic import Field

from kro.core.actor import Actor
from kro.core.auth.permissions import Permission
from kro.core.decisions import Reply
from kro.core.guards import admin_with
from kro.core.http import IdempotencyKey, Input, JSONBytes, Line, Output, QueryInput, Router, problems, send
from kro.core.outgoing.call_log import LoggedCall, OperationHealth
from kro.core.reading import from_replica
from kro.management.controller.dependencies import CallLogDep, ProviderSwitchesDep
from kro.payment.domain import Candidate, Capability, Direction, ProviderNotFoundError, Switch, SwitchState

router = Router(prefix="/admin/providers", tags=["admin"])

ProviderReader = Annotated[Actor, admin_with(Permission.PROVIDERS_READ)]
ProviderManager = Annotated[Actor, admin_with(Permission.PROVIDERS_MANAGE)]


class ProviderRead(Output):
    """A provider as the choice for the next payment or payout sees it."""

    name: str = Field(examples=["paystack"])
    capabilities: list[Capability] = Field(description="What it offers; the rest it does not have.")
    currencies: list[str]
    collections: SwitchState
    payouts: SwitchState
    shunned: list[Capability] = Field(description="What others are chosen for at the moment, because it fails there.")

    @classmethod
    def of(cls, one: Candidate) -> Self:
        return cls(
            name=one.name,
            capabilities=sorted(one.capabilities),
            currencies=sorted(one.currencies),
            collections=one.switch(Direction.COLLECTIONS),
            payouts=one.switch(Direction.PAYOUTS),
            shunned=sorted(capability for capability, health in one.health.items() if not health.is_well),
        )


class ProvidersRead(Output):
    data: list[ProviderRead]


class SwitchIn(Input):
    state: SwitchState = Field(
        description="`draining` takes nothing new and finishes what it has; `disabled` begins nothing at all. "
        "What the provider has taken already is followed to its end."
    )
    reason: Line = Field(examples=["Incident at the provider, see its status page"])


class SwitchRead(Output):
    provider: str
    direction: Direction
    state: SwitchState
    reason: str
    updated_at: datetime

    @classmethod
    def of(cls, switch: Switch) -> Self:
        return cls(
            provider=switch.provider,
            direction=switch.direction,
            state=switch.state,
            reason=switch.reason,
            updated_at=switch.updated_at,
        )


def _render_switch(switch: Switch) -> Reply:
    return Reply(status=200, body=SwitchRead.of(switch).model_dump_json().encode())


class HealthQuery(QueryInput):
    minutes: int = Field(default=60, ge=1, le=43_200, description="How far to look back.")


class OperationHealthRead(Output):
    """How one operation went. A refusal is an answer too: the provider works."""

    provider: str = Field(examples=["paystack"])
    operation: str = Field(examples=["transfer"])
    calls: int
    answered: int
    success_bps: int = Field(description="Answered calls in basis points of all calls.")
    p50_ms: int | None
    p95_ms: int | None
    open_breakers: int = Field(description="Processes that do not call it at the moment.")
    last_at: datetime

    @classmethod
    def of(cls, health: OperationHealth) -> Self:
        success_bps = health.answered * 10_000 // health.calls if health.calls else 0
        return cls(**asdict(health), success_bps=success_bps)


class ProvidersHealthRead(Output):
    data: list[OperationHealthRead]


class CallsQuery(QueryInput):
    reference: str = Field(min_length=1, max_length=100, description="Ours, as the provider was given it.")


class CallRead(Output):
    """One call; `exchange` is what was sent and answered, as JSON text without credentials."""

    provider: str
    operation: str
    outcome: str
    cause: str | None
    status: int | None
    duration_ms: int
    exchange: str | None
    at: datetime

    @classmethod
    def of(cls, call: LoggedCall) -> Self:
        return cls(
            provider=call.provider,
            operation=call.operation,
            outcome=call.outcome,
            cause=call.cause,
            status=call.status,
            duration_ms=call.duration_ms,
            exchange=call.exchange,
            at=call.at,
        )


class CallsRead(Output):
    data: list[CallRead]


@router.get("", response_model=ProvidersRead)
async def list_providers(admin: ProviderReader, switches: ProviderSwitchesDep) -> Response:  # noqa: ARG001 - the guard
    """List the configured providers, in the order that decides between equals."""
    found = await switches.candidates()
    return JSONBytes.of(ProvidersRead(data=[ProviderRead.of(one) for one in found]))


@router.put("/{provider}/{direction}", response_model=SwitchRead, responses=problems(ProviderNotFoundError))
async def turn_switch(
    provider: str,
    direction: Direction,
    body: SwitchIn,
    admin: ProviderManager,
    key: IdempotencyKey,
    switches: ProviderSwitchesDep,
) -> Response:
    """Say what a provider may do from now on; every process heeds it within five seconds."""
    return send(
        await switches.turn(
            provider,
            direction,
            body.state,
            reason=body.reason,
            actor=admin,
            once=key.by(admin.id),
            render=_render_switch,
        )
    )


@router.get("/health", response_model=ProvidersHealthRead)
@from_replica
async def provider_health(
    query: Annotated[HealthQuery, Query()],
    admin: ProviderReader,  # noqa: ARG001 - the guard
    calls: CallLogDep,
) -> Response:
    """Show success, speed and open breakers of every operation of every provider."""
    found = await calls.health(over=timedelta(minutes=query.minutes))
    return JSONBytes.of(ProvidersHealthRead(data=[OperationHealthRead.of(health) for health in found]))


@router.get("/calls", response_model=CallsRead)
async def provider_calls(query: Annotated[CallsQuery, Query()], admin: ProviderReader, calls: CallLogDep) -> Response:
    """Show the calls about one payment, payout or refund, the newest first. The look is on record."""
    found = await calls.of_reference(query.reference, actor=admin)
    return JSONBytes.of(CallsRead(data=[CallRead.of(call) for call in found]))
