"""Who was told what, when and by which channel: one row for each notice and channel, from before it leaves.

The row is what keeps a notice from going out twice. It says ``sending`` before the vendor is called, so a worker that
finds it so knows that another one died on the way, and waits for the vendor to say what became of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from kro.core.database.pool import Database
from kro.core.notices import Channel
from kro.core.notifications.person import OF_USERS, PERSON, Person

# What was refused has not left and is tried at once; what may have left only when its vendor had time to tell.
_BEGIN: Final = f"""
WITH begun AS (
    INSERT INTO notice_receipts AS r
        (message_id, notice_id, user_id, subject_id, purpose, template, channel, status, at)
    SELECT $1, $2, u.id, $4, $5, $6, $7, 'sending', now() FROM users AS u WHERE u.id = $3
    ON CONFLICT (message_id) DO UPDATE
    SET status = 'sending', at = now(), tries = r.tries + CASE r.status WHEN 'sending' THEN 1 ELSE 0 END
    WHERE r.status = 'waiting' OR (r.status = 'sending' AND r.at <= now() - make_interval(secs => $8))
    RETURNING r.tries)
SELECT {PERSON}, (SELECT tries FROM begun) AS tries, r.status,
       extract(epoch FROM r.at + make_interval(secs => $8) - now())::float8 AS wait_seconds
FROM {OF_USERS} LEFT JOIN notice_receipts AS r ON r.message_id = $1 WHERE u.id = $3"""  # noqa: S608 - constants only

# A vendor's report may be here before its answer was written down, and then stays.
_SETTLE: Final = """
UPDATE notice_receipts
SET status = CASE WHEN status IN ('waiting', 'sending', 'unknown') THEN $2 ELSE status END,
    reason = coalesce($3, reason), provider = coalesce($4, provider),
    provider_message_id = coalesce($5, provider_message_id),
    at = CASE WHEN status IN ('waiting', 'sending', 'unknown') THEN now() ELSE at END
WHERE message_id = $1"""

# Reports come in any order and more than once; the furthest state stays.
_REPORT: Final = """
UPDATE notice_receipts AS r SET status = $2, reason = coalesce($3, r.reason), at = greatest(r.at, $4)
WHERE r.message_id = $1 AND r.status <> 'skipped'
  AND array_position(ARRAY['accepted', 'delivered', 'failed'], $2)
    > coalesce(array_position(ARRAY['accepted', 'delivered', 'failed'], r.status), 0)"""


class ReceiptStatus(StrEnum):
    """``waiting`` has not left; ``sending`` may have; ``unknown`` was given up so; ``skipped`` was never to leave."""

    WAITING = "waiting"
    SENDING = "sending"
    ACCEPTED = "accepted"
    DELIVERED = "delivered"
    FAILED = "failed"
    UNKNOWN = "unknown"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class Part:
    """One notice by one channel."""

    id: UUID
    notice_id: UUID
    user_id: UUID
    template: str
    channel: Channel
    subject_id: UUID | None = None
    purpose: str | None = None

    @classmethod
    def of(cls, message_id: UUID, payload: Mapping[str, Any], channel: Channel, *, notice_id: UUID) -> Part:
        receipt = payload.get("receipt")
        return cls(
            id=message_id,
            notice_id=notice_id,
            user_id=UUID(payload["user_id"]),
            template=payload["template"],
            channel=channel,
            subject_id=UUID(receipt["subject_id"]) if receipt else None,
            purpose=receipt["purpose"] if receipt else None,
        )


@dataclass(frozen=True, slots=True)
class Begun:
    """What a part finds when its turn comes: its reader, and whether it may leave now.

    ``tries`` counts this one, 0 when it must not leave; then ``wait_seconds`` says how long its vendor still has to
    tell what became of it, or ``None`` that all is done.
    """

    person: Person
    tries: int
    wait_seconds: float | None


class Receipts:
    """``patience_seconds`` is how long a vendor has to report on a message whose answer was lost."""

    def __init__(self, database: Database, *, patience_seconds: float) -> None:
        self._database = database
        self.patience_seconds = patience_seconds

    async def begin(self, part: Part) -> Begun | None:
        """Write down that a part is about to leave; ``None`` when nobody has that id."""
        row = await self._database.row(
            _BEGIN,
            part.id,
            part.notice_id,
            part.user_id,
            part.subject_id,
            part.purpose,
            part.template,
            part.channel,
            self.patience_seconds,
        )
        if row is None:
            return None
        wait = max(row["wait_seconds"], 1.0) if row["tries"] is None and row["status"] == "sending" else None
        return Begun(Person.of(dict(row)), row["tries"] or 0, wait)

    async def settle(
        self,
        message_id: UUID,
        status: ReceiptStatus,
        *,
        reason: str | None = None,
        provider: str | None = None,
        provider_message_id: str | None = None,
    ) -> None:
        """Write down what came of a part that was about to leave."""
        await self._database.execute(_SETTLE, message_id, status, reason, provider, provider_message_id)

    async def report(self, message_id: UUID, status: ReceiptStatus, *, reason: str | None, at: datetime) -> bool:
        """Take a vendor's word on a part: accepted, delivered or failed. Say whether that was news."""
        return await self._database.execute(_REPORT, message_id, status, reason, at) > 0
