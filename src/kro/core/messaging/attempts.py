"""The rows of attempts: what is known before sending, and what came of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final
from uuid import UUID

from kro.core.auth.standing import Columns
from kro.core.database.pool import Database
from kro.core.messaging.numbers import Number
from kro.core.messaging.routing import RouteFacts, Switches
from kro.core.messaging.states import Attempt, AttemptState
from kro.core.sms import SMS, MessageAccepted

_SCENE: Final = """
SELECT (SELECT json_agg(json_build_array(s.scope, s.subject)) FROM text_switches AS s
        WHERE s.state = 'off' AND (s.scope <> 'range' OR s.subject = $3)) AS off,
       (SELECT a.route FROM text_attempts AS a
        WHERE a.number_index = $2 AND a.delivered_at > now() - make_interval(days => $4)
        ORDER BY a.delivered_at DESC LIMIT 1) AS last_good,
       a.id, a.route, a.provider, a.provider_message_id, a.state, a.replaced_at IS NOT NULL AS is_replaced, a.created_at
FROM (SELECT) AS one LEFT JOIN text_attempts AS a ON a.message_id = $1 ORDER BY a.created_at, a.id"""

_BEGIN: Final = "SELECT begin_text_attempt($1::jsonb, $2::jsonb, $3::uuid[])"
_ACCEPT: Final = "SELECT record_text_acceptance($1, $2, $3, $4, $5)"

# What a vendor did not take costs nothing.
_REFUSE: Final = """
WITH refused AS (
    UPDATE text_attempts SET state = 'refused', rank = 1, error = $2 WHERE id = $1 AND rank = 0
    RETURNING spent_on, estimate_minor)
UPDATE text_spend AS s SET spent_minor = s.spent_minor - r.estimate_minor
FROM refused AS r, unnest($3::text[], $4::text[]) AS c (scope, subject)
WHERE s.day = r.spent_on AND s.scope = c.scope AND s.subject = c.subject"""

_DOUBT: Final = """
UPDATE text_attempts SET state = 'unknown', rank = 1, error = $2 WHERE id = $1 AND rank = 0"""

# A code nobody needs any more is not sent again, nor one whose first arrival is known after all. An outbox row that is
# still in hand is left to whoever has it; its turn comes with the next round. One that was given up because nobody knew
# whether it had left goes on as the others do.
_DUE: Final = """
    SELECT a.id, a.notice_id, a.message_id, a.subject_id FROM text_attempts AS a
    LEFT JOIN outbox AS o ON o.id = a.notice_id
    WHERE a.follow_up_at <= now() AND o.state IS DISTINCT FROM 'pending'"""

_FOLLOW_UP: Final = f"""
WITH due AS ({_DUE}
    ORDER BY a.follow_up_at LIMIT $1 FOR UPDATE OF a SKIP LOCKED
), given_up AS (
    UPDATE text_attempts AS a SET follow_up_at = NULL, replaced_at = now() FROM due WHERE a.id = due.id
), revived AS (
    UPDATE outbox AS o SET state = 'pending', next_attempt_at = now(), lease_until = NULL, delivered_at = NULL
    FROM due
    WHERE o.id = due.notice_id
      AND (o.state = 'delivered' OR (o.state = 'dead' AND o.last_error = 'outcome_unknown'))
      AND NOT EXISTS (SELECT FROM text_attempts AS a WHERE a.message_id = due.message_id AND a.rank >= 5)
      AND NOT EXISTS (SELECT FROM verification_codes AS c WHERE c.id = due.subject_id
                      AND (c.consumed_at IS NOT NULL OR c.expires_at <= now()))
    RETURNING o.id
), reopened AS (
    UPDATE notice_receipts AS r SET status = 'waiting' FROM revived
    WHERE r.message_id = revived.id AND r.channel = 'sms' AND r.status = 'failed'
)
SELECT count(*) FROM due"""  # noqa: S608 - built from constants only

_FORGET: Final = """
WITH old AS (
    DELETE FROM text_attempts WHERE id IN (
        SELECT id FROM text_attempts WHERE created_at < now() - make_interval(days => $1)
        ORDER BY created_at LIMIT $2)
    RETURNING 1
), old_reports AS (
    DELETE FROM text_reports WHERE (provider, provider_message_id, state) IN (
        SELECT provider, provider_message_id, state FROM text_reports
        WHERE last_at < now() - make_interval(days => $1) ORDER BY last_at LIMIT $2)
), old_spend AS (
    DELETE FROM text_spend WHERE day < current_date - $1::integer
)
SELECT count(*) FROM old"""


@dataclass(frozen=True, slots=True)
class Scene:
    """What is known before a message is sent: its earlier attempts, what is switched off, what last worked."""

    attempts: tuple[Attempt, ...]
    switches: Switches
    last_good: str | None


@dataclass(frozen=True, slots=True)
class Cap:
    """At most so much, in minor units, for one subject of a scope on one day."""

    scope: str
    subject: str
    most: int


@dataclass(frozen=True, slots=True)
class NewAttempt:
    id: UUID
    message: SMS
    number: Number
    route: RouteFacts
    estimate_minor: int
    spent_on: date


class TextAttempts:
    due: Final = _DUE

    def __init__(self, database: Database) -> None:
        self._database = database

    async def scene(self, message_id: str, number: Number, *, days: int) -> Scene:
        """Load what the next step of a message is decided by, in one query."""
        rows = await self._database.rows(_SCENE, message_id, number.index, number.range, days)
        first = rows[0]
        attempts = tuple(_attempt_from(row) for row in rows if row["id"] is not None)
        off = frozenset((scope, subject) for scope, subject in first["off"] or ())
        return Scene(attempts, Switches(off), first["last_good"])

    async def begin(self, new: NewAttempt, caps: Sequence[Cap], alarm_ids: Sequence[UUID]) -> str | None:
        """Write an attempt before its message leaves, or return the scope of the cap that it does not fit under."""
        refused: str | None = await self._database.value(
            _BEGIN,
            _columns(new),
            [{"scope": cap.scope, "subject": cap.subject, "most": cap.most} for cap in caps],
            list(alarm_ids),
        )
        return refused

    async def accept(self, attempt_id: UUID, accepted: MessageAccepted, *, patience: float | None) -> None:
        """Write that a vendor took a message; without a report another way is looked for after so many seconds."""
        cost = accepted.cost
        await self._database.value(
            _ACCEPT,
            attempt_id,
            accepted.provider_message_id,
            None if cost is None else cost.micros,
            None if cost is None else cost.currency,
            patience,
        )

    async def refuse(self, attempt: NewAttempt, caps: Sequence[Cap], code: str) -> None:
        """Write that a vendor did not take a message; its price is available again under the caps it began with."""
        scopes, subjects = [cap.scope for cap in caps], [cap.subject for cap in caps]
        await self._database.execute(_REFUSE, attempt.id, code, scopes, subjects)

    async def doubt(self, attempt_id: UUID, cause: str) -> None:
        """Write that nobody knows whether a vendor took a message."""
        await self._database.execute(_DOUBT, attempt_id, cause)

    async def follow_up(self, *, limit: int) -> int:
        """Have messages sent another way whose attempt failed or stayed silent; return how many were looked at."""
        count: int = await self._database.value(_FOLLOW_UP, limit)
        return count

    async def forget(self, *, older_than_days: int, limit: int = 1000) -> int:
        """Delete what is older and return how many attempts that were; call again until it returns zero."""
        count: int = await self._database.value(_FORGET, older_than_days, limit)
        return count


def _attempt_from(row: Columns) -> Attempt:
    return Attempt(
        id=row["id"],
        route=row["route"],
        provider=row["provider"],
        provider_message_id=row["provider_message_id"],
        state=AttemptState(row["state"]),
        is_replaced=row["is_replaced"],
        created_at=row["created_at"],
    )


def _columns(new: NewAttempt) -> dict[str, object]:
    message, number, route = new.message, new.number, new.route
    return {
        "id": new.id,
        "message_id": message.message_id,
        "notice_id": outbox_id_of(message.message_id),
        "subject_id": message.subject_id,
        "purpose": message.purpose,
        "kind": message.kind,
        "route": route.name,
        "provider": route.provider,
        "channel": route.channel,
        "number_index": number.index,
        "number_shown": number.shown,
        "country": number.country,
        "network": number.network,
        "number_range": number.range,
        "carrier": number.carrier,
        "estimate_minor": new.estimate_minor,
        "spent_on": new.spent_on.isoformat(),
    }


def outbox_id_of(message_id: str) -> UUID | None:
    """Return the outbox message a text belongs to: ``<its id>.<channel>``."""
    try:
        return UUID(message_id.partition(".")[0])
    except ValueError:
        return None
