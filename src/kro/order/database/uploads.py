"""Files on their way into evidence: how their rows are read, and the worker's view of those that are over."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import asyncpg

from kro.core.database.columns import known
from kro.core.database.pool import Database
from kro.order.database.records import Evidence, EvidenceUpload, HeldSlot, OrderState, UploadingState
from kro.order.database.words import UploadStatus

# An upload that is being completed at this moment has its version checked, so either this statement wins or that one.
_CLAIM: Final = """
UPDATE evidence_uploads AS u
SET status = CASE u.status WHEN 'pending' THEN 'expired' ELSE u.status END, slot = NULL, version = u.version + 1
WHERE u.id IN (
    SELECT d.id FROM evidence_uploads AS d WHERE d.cleaned_at IS NULL AND d.expires_at < $1
    ORDER BY d.expires_at LIMIT $2 FOR UPDATE SKIP LOCKED)
RETURNING u.id, u.status, u.upload_key, u.storage_key
"""

_FORGET: Final = """
WITH gone AS (DELETE FROM evidence_uploads WHERE id = $1 AND status = 'expired')
UPDATE evidence_uploads SET cleaned_at = $2 WHERE id = $1 AND status = 'completed'
"""


@dataclass(frozen=True, slots=True)
class Leftover:
    """An upload that is over; ``keys`` are the objects nobody needs any more."""

    id: UUID
    keys: tuple[str, ...]


class UploadRepository:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def claim_over(self, *, before: datetime, limit: int) -> Sequence[Leftover]:
        """Return uploads that ended before a moment and still have objects; none of them can be completed any more."""
        return [_leftover(row) for row in await self._database.rows(_CLAIM, before, limit)]

    async def forget(self, upload_id: UUID, *, now: datetime) -> None:
        """Remember that an upload's objects are gone; without evidence there is nothing to remember it for."""
        await self._database.execute(_FORGET, upload_id, now)


def _leftover(row: asyncpg.Record) -> Leftover:
    kept = row["storage_key"] if row["status"] == UploadStatus.COMPLETED else None
    keys = (row["upload_key"], row["storage_key"])
    return Leftover(row["id"], tuple(key for key in keys if key is not None and key != kept))


def read_uploading(row: asyncpg.Record, order: OrderState) -> UploadingState:
    """Build the state from a row of the load query."""
    return UploadingState(
        order=order,
        upload=_upload(row["upload"]) if row["upload"] else None,
        evidence=_evidence(row["evidence"]) if row["evidence"] else None,
        slots=tuple(
            HeldSlot(
                slot=item["slot"],
                upload_id=UUID(item["upload_id"]),
                version=item["version"],
                expires_at=datetime.fromisoformat(item["expires_at"]),
            )
            for item in row["slots"] or ()
        ),
    )


def _upload(item: dict[str, Any]) -> EvidenceUpload:
    return EvidenceUpload(
        **{
            **known(EvidenceUpload, item),
            "id": UUID(item["id"]),
            "order_id": UUID(item["order_id"]),
            "uploaded_by": UUID(item["uploaded_by"]),
            "status": UploadStatus(item["status"]),
            "evidence_id": UUID(item["evidence_id"]) if item["evidence_id"] else None,
            "expires_at": datetime.fromisoformat(item["expires_at"]),
            "cleaned_at": datetime.fromisoformat(item["cleaned_at"]) if item["cleaned_at"] else None,
            "created_at": datetime.fromisoformat(item["created_at"]),
        }
    )


def _evidence(item: dict[str, Any]) -> Evidence:
    return Evidence(
        **{
            **known(Evidence, item),
            "id": UUID(item["id"]),
            "order_id": UUID(item["order_id"]),
            "uploaded_by": UUID(item["uploaded_by"]),
            "created_at": datetime.fromisoformat(item["created_at"]),
        }
    )
