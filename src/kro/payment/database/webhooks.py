"""Authentic events, and how far each was looked into."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import asyncpg

from kro.core.actor import Actor
from kro.core.database.failures import DatabaseBusyError
from kro.core.database.pool import Database
from kro.core.decisions import LostRaceError
from kro.core.scheduler import PROGRAM_TIME
from kro.core.telemetry.tracing import MARK
from kro.payment.database.records import NewWebhook, WebhookState, WebhookTask, WebhookView

# What was left to people is looked into again when its provider tells of it again: a bank asked to repush has news.
_STORE: Final = """
WITH stored AS (
    INSERT INTO payment_webhook_info (id, provider, dedupe_key, event_type, subject, reference, headers,
                                      received_at, body_sha256)
    VALUES ($1, $2, $3, $4, $5, $6, $8, $9, $10) ON CONFLICT (provider, dedupe_key) DO NOTHING RETURNING id),
kept AS (INSERT INTO payment_webhook_bodies (webhook_id, body) SELECT id, $7 FROM stored),
revived AS (
    UPDATE payment_webhook_state AS s SET state = 'received', attempts = 0, next_attempt_at = $9, processed_at = NULL
    FROM payment_webhook_info AS i
    WHERE i.provider = $2 AND i.dedupe_key = $3 AND s.webhook_id = i.id AND s.state = 'parked')
INSERT INTO payment_webhook_state (webhook_id, state, attempts, next_attempt_at)
SELECT id, 'received', 0, $9 FROM stored"""

_TASK: Final = f"i.id, i.provider, i.subject, i.reference, s.attempts, i.received_at, i.headers -> '{MARK}' AS mark"

DUE: Final = f"""
      SELECT webhook_id FROM payment_webhook_state
      WHERE state = 'received' AND next_attempt_at <= {PROGRAM_TIME}"""  # noqa: S608 - a constant

_CLAIM_DUE: Final = f"""
UPDATE payment_webhook_state AS s SET attempts = s.attempts + 1, next_attempt_at = $2
FROM ({DUE}
      ORDER BY next_attempt_at LIMIT $3 FOR UPDATE SKIP LOCKED) AS due
JOIN payment_webhook_info AS i ON i.id = due.webhook_id
WHERE s.webhook_id = due.webhook_id
RETURNING {_TASK}"""  # noqa: S608 - built from constants only

_CLAIM_ONE: Final = f"""
UPDATE payment_webhook_state AS s SET attempts = s.attempts + 1, next_attempt_at = $2
FROM payment_webhook_info AS i
WHERE s.webhook_id = $1 AND i.id = s.webhook_id
RETURNING {_TASK}"""  # noqa: S608 - built from constants only

_FINISH: Final = """
UPDATE payment_webhook_state
SET state = $2, last_error = $3, processed_at = $4, next_attempt_at = NULL WHERE webhook_id = $1"""

# What somebody else has finished meanwhile stays finished.
_POSTPONE: Final = """
UPDATE payment_webhook_state SET next_attempt_at = $2, last_error = $3 WHERE webhook_id = $1 AND state = 'received'"""

_LIST: Final = """
SELECT i.id, i.provider, i.event_type, i.subject, i.reference, s.state, s.attempts, s.last_error, i.received_at,
       s.processed_at
FROM payment_webhook_info AS i JOIN payment_webhook_state AS s ON s.webhook_id = i.id
WHERE ($1::text IS NULL OR s.state = $1) AND (i.received_at, i.id) < ($2, $3)
ORDER BY i.received_at DESC, i.id DESC LIMIT $4"""

_REPLAY: Final = """
WITH revived AS (
    UPDATE payment_webhook_state SET state = 'received', attempts = 0, next_attempt_at = $2, processed_at = NULL
    WHERE webhook_id = $1 RETURNING webhook_id, last_error)
INSERT INTO audit_log (id, actor_kind, actor_id, session_id, action, target_type, target_id, result, detail, request_id,
                       ip)
SELECT $3, $4, $5, $6, 'webhook.replay', 'webhook', r.webhook_id, 'done',
       jsonb_build_object('last_error', r.last_error), $7, $8
FROM revived AS r"""


class WebhookRepository:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def store(self, webhook: NewWebhook, *, headers: Mapping[str, Any]) -> bool:
        """Keep an event; ``False`` if it is there already.

        :raises DatabaseBusyError: whenever it could not be stored, so that the provider sends it again.
        """
        try:
            stored = await self._database.execute(
                _STORE,
                webhook.id,
                webhook.provider,
                webhook.dedupe_key,
                webhook.event_type,
                webhook.subject,
                webhook.reference,
                webhook.body,
                dict(headers),
                webhook.received_at,
                webhook.body_sha256,
            )
        except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError, LostRaceError) as error:
            raise DatabaseBusyError from error
        return stored > 0

    async def claim_due(self, *, now: datetime, lease_until: datetime, limit: int) -> Sequence[WebhookTask]:
        """Take events that are due for oneself until the lease ends."""
        rows = await self._database.rows(_CLAIM_DUE, now, lease_until, limit)
        return [WebhookTask(**row) for row in rows]

    async def claim_one(self, webhook_id: UUID, *, lease_until: datetime) -> WebhookTask | None:
        """Take one event, whatever its state."""
        row = await self._database.row(_CLAIM_ONE, webhook_id, lease_until)
        return WebhookTask(**row) if row is not None else None

    async def finish(self, webhook_id: UUID, *, state: WebhookState, reason: str | None, now: datetime) -> None:
        await self._database.execute(_FINISH, webhook_id, state, reason, now)

    async def postpone(self, webhook_id: UUID, *, until: datetime, reason: str) -> None:
        await self._database.execute(_POSTPONE, webhook_id, until, reason)

    async def list(
        self, *, state: WebhookState | None, before: tuple[datetime, UUID], limit: int
    ) -> Sequence[WebhookView]:
        """Return events older than ``before``, newest first."""
        rows = await self._database.rows(_LIST, state, *before, limit)
        return [WebhookView(**row) for row in rows]

    async def replay(self, webhook_id: UUID, *, audit_id: UUID, actor: Actor, now: datetime) -> bool:
        """Make an event due again with all its tries, and write down who did it; ``False`` if there is none."""
        changed = await self._database.execute(
            _REPLAY,
            webhook_id,
            now,
            audit_id,
            actor.kind,
            actor.id,
            actor.session_id,
            actor.request_id,
            actor.ip,
        )
        return changed > 0
