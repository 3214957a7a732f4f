"""Authentic events, and how far each was looked into."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from operator import attrgetter
from typing import Final
from uuid import UUID

import asyncpg
import orjson

from kro.core.actor import Actor
from kro.core.database.failures import DatabaseBusyError
from kro.core.database.group_write import GroupWrite
from kro.core.database.pool import Database
from kro.core.decisions import LostRaceError
from kro.core.scheduler import PROGRAM_TIME
from kro.core.telemetry.tracing import MARK
from kro.payment.database.records import NewWebhook, WebhookState, WebhookTask, WebhookView

_STORE: Final = """
WITH given AS (
    SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::bytea[],
                         $8::text[], $9::timestamptz[], $10::bytea[])
    AS g (id, provider, dedupe_key, event_type, subject, reference, body, headers, received_at, body_sha256)),
stored AS (
    INSERT INTO payment_webhook_info (id, provider, dedupe_key, event_type, subject, reference, headers,
                                      received_at, body_sha256)
    SELECT id, provider, dedupe_key, event_type, subject, reference, headers::jsonb, received_at, body_sha256
    FROM given ON CONFLICT (provider, dedupe_key) DO NOTHING RETURNING id, received_at),
kept AS (
    INSERT INTO payment_webhook_bodies (webhook_id, body)
    SELECT given.id, given.body FROM stored JOIN given ON given.id = stored.id)
INSERT INTO payment_webhook_state (webhook_id, state, attempts, next_attempt_at)
SELECT id, 'received', 0, received_at FROM stored RETURNING webhook_id"""

# What was left to people is looked into again when its provider tells of it again: a bank asked to repush has news.
_REVIVE: Final = """
UPDATE payment_webhook_state AS s SET state = 'received', attempts = 0, next_attempt_at = $3, processed_at = NULL
FROM payment_webhook_info AS i
WHERE i.provider = $1 AND i.dedupe_key = $2 AND s.webhook_id = i.id AND s.state = 'parked'"""

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
        self._group = GroupWrite(self._store)

    async def store(self, webhook: NewWebhook) -> bool:
        """Keep an event; ``False`` if it is there already. Events that come together are kept by one statement.

        :raises DatabaseBusyError: whenever it could not be stored, so that the provider sends it again.
        """
        try:
            is_new = await self._group.add(webhook)
            if not is_new:
                await self._database.execute(_REVIVE, webhook.provider, webhook.dedupe_key, webhook.received_at)
        except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError, LostRaceError) as error:
            raise DatabaseBusyError from error
        return is_new

    async def _store(self, webhooks: Sequence[NewWebhook]) -> Sequence[bool]:
        # In one order everywhere, so that no two statements wait for one another's events.
        columns = zip(*map(_columns, sorted(webhooks, key=_natural_key)), strict=True)
        rows = await self._database.rows(_STORE, *columns)
        new = {row["webhook_id"] for row in rows}
        return [webhook.id in new for webhook in webhooks]

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


_natural_key = attrgetter("provider", "dedupe_key")


def _columns(webhook: NewWebhook) -> tuple[object, ...]:
    return (
        webhook.id,
        webhook.provider,
        webhook.dedupe_key,
        webhook.event_type,
        webhook.subject,
        webhook.reference,
        webhook.body,
        orjson.dumps(webhook.headers).decode(),
        webhook.received_at,
        webhook.body_sha256,
    )
