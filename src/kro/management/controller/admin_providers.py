"""How the providers are doing, and what was said to them."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, Self

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, Field

from kro.core.actor import Actor
from kro.core.auth.permissions import Permission
from kro.core.guards import admin_with
from kro.core.http import JSONBytes, QueryInput
from kro.core.outgoing.call_log import LoggedCall, OperationHealth
from kro.management.controller.dependencies import CallLogDep

router = APIRouter(prefix="/admin/providers", tags=["admin"])

ProviderReader = Annotated[Actor, admin_with(Permission.PROVIDERS_READ)]


class HealthQuery(QueryInput):
    minutes: int = Field(default=60, ge=1, le=43_200, description="How far to look back.")


class OperationHealthRead(BaseModel):
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
        return cls(
            provider=health.provider,
            operation=health.operation,
            calls=health.calls,
            answered=health.answered,
            success_bps=health.answered * 10_000 // health.calls if health.calls else 0,
            p50_ms=health.p50_ms,
            p95_ms=health.p95_ms,
            open_breakers=health.open_breakers,
            last_at=health.last_at,
        )


class ProvidersHealthRead(BaseModel):
    data: list[OperationHealthRead]


class CallsQuery(QueryInput):
    reference: str = Field(min_length=1, max_length=100, description="Ours, as the provider was given it.")


class CallRead(BaseModel):
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


class CallsRead(BaseModel):
    data: list[CallRead]


@router.get("/health", response_model=ProvidersHealthRead)
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
