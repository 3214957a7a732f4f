from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import uuid4

import pytest

from kro.core.actor import Actor, ActorKind
from kro.core.audit import AuditSealer, AuditTrail
from kro.core.database.pool import Database
from kro.core.ids import SystemIdSource

Write = Callable[..., Awaitable[None]]
Seal = Callable[..., Awaitable[int]]


@pytest.fixture
def write(database: Database) -> Write:
    """Write rows of the audit log, each in a transaction of its own."""
    trail = AuditTrail(database, ids=SystemIdSource())
    actor = Actor(kind=ActorKind.ADMIN, id=uuid4(), session_id=uuid4(), request_id="req_1", ip="192.0.2.1")

    async def write_rows(count: int = 1, *, action: str = "order.read", **more: Any) -> None:
        for number in range(count):
            await trail.note(
                action, actor=actor, target=("order", uuid4()), detail={"n": number, "naïve": "ọ̀rẹ́"}, **more
            )

    return write_rows


@pytest.fixture
def seal(database: Database) -> Seal:
    """Seal until so many rows are; transactions of other tests on the same server may hold it up for a moment."""
    sealer = AuditSealer(database)

    async def seal_rows(count: int, **options: Any) -> int:
        sealed = 0
        for _ in range(200):
            sealed += await sealer.seal_due(**options)
            if sealed >= count:
                break
            await asyncio.sleep(0.05)
        return sealed

    return seal_rows
