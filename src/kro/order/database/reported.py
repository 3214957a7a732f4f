"""Reported messages, for admins. They are private words: who looked is on record."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from typing import Final
from uuid import UUID

from kro.core.actor import Actor
from kro.core.database.pool import Database
from kro.core.ids import IdSource
from kro.core.paging import Position
from kro.order.database.thread_records import Message, MessageReport, ReportedMessage
from kro.order.database.thread_words import ReportCategory
from kro.order.database.threads import read_message

_NAME: Final = "{0}.first_name || ' ' || {0}.last_name"
_MESSAGE: Final = ", ".join(f"m.{field.name}" for field in fields(Message))

_LOOK: Final = f"""
WITH looked AS (
    INSERT INTO audit_log (id, actor_kind, actor_id, session_id, action, target_type, target_id, result, detail,
                           request_id, ip)
    VALUES ($5, $6, $7, $8, 'message_reports.read', 'message_report', NULL, 'done', '{{}}', $9, $10))
SELECT {_MESSAGE}, r.id AS report_id, r.reported_by, r.category, r.note, r.created_at AS reported_at,
       {_NAME.format("u")} AS reporter_name, coalesce({_NAME.format("a")}, 'KRO') AS author_name
FROM message_reports AS r JOIN order_messages AS m ON m.id = r.message_id JOIN users AS u ON u.id = r.reported_by
LEFT JOIN users AS a ON a.id = m.author_id
WHERE ($1::text IS NULL OR r.category = $1) AND (r.created_at, r.id) < ($2, $3)
ORDER BY r.created_at DESC, r.id DESC LIMIT $4
"""  # noqa: S608 - built from constants only


class ReportedMessages:
    def __init__(self, database: Database, *, ids: IdSource) -> None:
        self._database = database
        self._ids = ids

    async def look(
        self, *, category: ReportCategory | None, before: Position, limit: int, actor: Actor
    ) -> Sequence[ReportedMessage]:
        """Return reports, the latest first; the look leaves a trace."""
        trace: tuple[str | UUID | None, ...] = (
            self._ids.new(),
            actor.kind,
            actor.id,
            actor.session_id,
            actor.request_id,
            actor.ip,
        )
        rows = await self._database.rows(_LOOK, category, before.created_at, before.id, limit, *trace)
        return tuple(
            ReportedMessage(
                report=MessageReport(
                    id=row["report_id"],
                    message_id=row["id"],
                    reported_by=row["reported_by"],
                    category=ReportCategory(row["category"]),
                    note=row["note"],
                    created_at=row["reported_at"],
                ),
                message=read_message(row),
                reporter_name=row["reporter_name"],
                author_name=row["author_name"],
            )
            for row in rows
        )
