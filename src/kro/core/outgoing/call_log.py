"""The calls of the last weeks: what support looks into, and what the health of a provider is read from."""

from __future__ import annotations

import os
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import asyncpg

from kro.core.actor import Actor
from kro.core.database.failures import DatabaseBusyError
from kro.core.database.pool import Database
from kro.core.encryption import FieldCipher
from kro.core.ids import IdSource
from kro.core.outgoing.recording import CallRecord
from kro.core.telemetry import get_logger

_LOG = get_logger()
_CONTEXT: Final = "outgoing_calls.exchange"

_RECORD: Final = """
INSERT INTO outgoing_calls (provider, operation, reference, outcome, cause, status, breaker, duration_ms, exchange,
                            process)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)"""

_FORGET: Final = """
DELETE FROM outgoing_calls
WHERE id IN (SELECT id FROM outgoing_calls WHERE at < now() - make_interval(days => $1) ORDER BY at LIMIT $2)"""

# A breaker that no process has asked for ten minutes says nothing of today.
_HEALTH: Final = """
SELECT c.provider, c.operation, count(*) FILTER (WHERE c.cause IS DISTINCT FROM 'breaker_open') AS calls,
       count(*) FILTER (WHERE c.outcome = 'answered') AS answered,
       percentile_disc(0.5) WITHIN GROUP (ORDER BY c.duration_ms) FILTER (WHERE c.outcome = 'answered') AS p50_ms,
       percentile_disc(0.95) WITHIN GROUP (ORDER BY c.duration_ms) FILTER (WHERE c.outcome = 'answered') AS p95_ms,
       max(c.at) AS last_at,
       (SELECT count(*) FROM (
            SELECT DISTINCT ON (b.process) b.breaker, b.at FROM outgoing_calls AS b
            WHERE b.provider = c.provider AND b.operation = c.operation AND b.at > now() - interval '10 minutes'
            ORDER BY b.process, b.at DESC, b.id DESC) AS last WHERE last.breaker <> 'closed') AS open_breakers
FROM outgoing_calls AS c WHERE c.at > now() - $1::interval
GROUP BY c.provider, c.operation ORDER BY c.provider, c.operation"""

# Read every few seconds by every process, so its cost must not grow with the traffic: a sample of each is enough.
_LATELY: Final = """
SELECT o.provider, o.operation, s.calls, s.answered, s.is_shut
FROM unnest($1::text[], $2::text[]) AS o (provider, operation)
CROSS JOIN LATERAL (
    WITH sample AS (
        SELECT c.outcome, c.cause, c.breaker, c.process, c.at FROM outgoing_calls AS c
        WHERE c.provider = o.provider AND c.operation = o.operation AND c.at > now() - $3::interval
        ORDER BY c.at DESC LIMIT $4)
    SELECT count(*) FILTER (WHERE cause IS DISTINCT FROM 'breaker_open') AS calls,
           count(*) FILTER (WHERE outcome = 'answered') AS answered,
           EXISTS (SELECT FROM (SELECT DISTINCT ON (process) breaker FROM sample
                                WHERE at > now() - interval '10 minutes' ORDER BY process, at DESC) AS last
                   WHERE last.breaker <> 'closed') AS is_shut
    FROM sample) AS s"""

# Bodies name payers and accounts, so a look at them leaves a trace.
_OF_REFERENCE: Final = """
WITH looked AS (
    INSERT INTO audit_log (id, actor_kind, actor_id, session_id, action, target_type, target_id, result, detail,
                           request_id, ip)
    VALUES ($3, $4, $5, $6, 'provider_calls.read', 'provider_calls', NULL, 'done',
            jsonb_build_object('reference', $1::text), $7, $8))
SELECT id, provider, operation, outcome, cause, status, duration_ms, exchange, at FROM outgoing_calls
WHERE reference = $1 ORDER BY at DESC, id DESC LIMIT $2"""


@dataclass(frozen=True, slots=True)
class OperationHealth:
    """How one operation of a provider went lately. Refusals count as answers: the provider works.

    ``open_breakers`` counts the processes that do not call it at the moment.
    """

    provider: str
    operation: str
    calls: int
    answered: int
    p50_ms: int | None
    p95_ms: int | None
    last_at: datetime
    open_breakers: int


@dataclass(frozen=True, slots=True)
class Lately:
    """How the newest calls of one operation went; ``is_shut`` while any process keeps from calling it."""

    provider: str
    operation: str
    calls: int
    answered: int
    is_shut: bool


@dataclass(frozen=True, slots=True)
class LoggedCall:
    """One call as support sees it; ``exchange`` is JSON without credentials."""

    provider: str
    operation: str
    outcome: str
    cause: str | None
    status: int | None
    duration_ms: int
    exchange: str | None
    at: datetime


class CallLog:
    """Keeps every call for 30 days; see :class:`kro.core.outgoing.recording.CallRecorder`."""

    def __init__(self, database: Database, *, cipher: FieldCipher, ids: IdSource) -> None:
        self._database = database
        self._ids = ids
        self._cipher = cipher
        self._process = f"{socket.gethostname()}/{os.getpid()}"

    async def record(self, call: CallRecord) -> None:
        sealed = self._cipher.seal(call.exchange, context=_CONTEXT) if call.exchange is not None else None
        try:
            await self._database.execute(
                _RECORD,
                call.provider,
                call.operation,
                call.reference,
                call.outcome,
                call.cause,
                call.status,
                call.breaker,
                call.duration_ms,
                sealed,
                self._process,
            )
        except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError, DatabaseBusyError):
            # The call itself went as it went; only the memory of it is lost.
            _LOG.warning("outgoing_call_not_recorded", provider=call.provider, operation=call.operation)

    async def health(self, *, over: timedelta) -> Sequence[OperationHealth]:
        """Return how each operation went in the time before now."""
        return [OperationHealth(**row) for row in await self._database.rows(_HEALTH, over)]

    async def lately(
        self, operations: Sequence[tuple[str, str]], *, over: timedelta, sample: int = 50
    ) -> Sequence[Lately]:
        """Return how the newest calls of operations went, each named by provider and operation."""
        providers, names = [provider for provider, _ in operations], [name for _, name in operations]
        return [Lately(**row) for row in await self._database.rows(_LATELY, providers, names, over, sample)]

    async def of_reference(self, reference: str, *, actor: Actor, limit: int = 100) -> Sequence[LoggedCall]:
        """Return the calls about one reference of ours, newest first, opened for support. Who looks is on record."""
        rows = await self._database.rows(
            _OF_REFERENCE,
            reference,
            limit,
            self._ids.new(),
            actor.kind,
            actor.id,
            actor.session_id,
            actor.request_id,
            actor.ip,
        )
        return [
            LoggedCall(
                provider=row["provider"],
                operation=row["operation"],
                outcome=row["outcome"],
                cause=row["cause"],
                status=row["status"],
                duration_ms=row["duration_ms"],
                at=row["at"],
                exchange=self._cipher.open(row["exchange"], context=_CONTEXT) if row["exchange"] else None,
            )
            for row in rows
        ]

    async def forget(self, *, older_than_days: int, limit: int = 1000) -> int:
        """Delete what is older and return how many; call again until it returns zero."""
        return await self._database.execute(_FORGET, older_than_days, limit)
