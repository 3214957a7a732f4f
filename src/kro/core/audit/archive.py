from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Protocol

from kro.core.alerts import alert
from kro.core.audit.files import AuditBrokenError, AuditFiles, check_file, digest
from kro.core.clock import Clock
from kro.core.database.pool import Database
from kro.core.decisions import Decision
from kro.core.decisions.encoding import encode
from kro.core.ids import IdSource

ROWS_PER_FILE: Final = 10_000
"""Some ten megabytes, which are held in memory while a file is made."""
CONTENT_TYPE: Final = "application/x-ndjson"

_LAST: Final = "SELECT position, created_at FROM audit_exports ORDER BY position DESC LIMIT 1"
_KEEP: Final = """
INSERT INTO audit_exports (position, after_position, hash, storage_key, size_bytes, sha256, created_at)
VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING"""
_LIST: Final = """
SELECT position, after_position, hash, storage_key, size_bytes, sha256, created_at FROM audit_exports
WHERE $1::bigint IS NULL OR position < $1 ORDER BY position DESC LIMIT $2"""

# The same break is met again at every try.
_RAISE: Final = """
WITH first_today AS (
    INSERT INTO job_claims AS j (name, claimed_at) VALUES ($1, now())
    ON CONFLICT (name) DO UPDATE SET claimed_at = now() WHERE j.claimed_at <= now() - interval '1 day'
    RETURNING name)
SELECT apply_decision($2::text::jsonb) FROM first_today"""


@dataclass(frozen=True, slots=True)
class AuditExport:
    """A file of sealed rows: those behind one position up to another, whose seal is ``hash``."""

    position: int
    after_position: int
    hash: bytes
    storage_key: str
    size_bytes: int
    sha256: bytes
    created_at: datetime


class Shelf(Protocol):
    """Where files are put for good: the object store."""

    async def put(self, *, key: str, data: bytes, content_type: str) -> None: ...


class AuditArchive:
    """Puts what was sealed into file storage once a day.

    Whoever owns the database could write the whole chain anew; the hashes in files that they cannot change tell. So
    the storage has to keep what it has, whatever this program's credentials are: that is set up there, not here.
    """

    def __init__(
        self,
        database: Database,
        *,
        files: AuditFiles,
        shelf: Shelf,
        new_key: Callable[[], str],
        clock: Clock,
        ids: IdSource,
    ) -> None:
        self._database = database
        self._files = files
        self._shelf = shelf
        self._new_key = new_key
        self._clock = clock
        self._ids = ids

    async def export_due(self) -> int:
        """Export everything that was sealed since the last file, once a day (UTC), and return how many files that took.

        A broken chain is an alarm for the operators, once a day for each break, and no file.
        """
        last = await self._database.row(_LAST)
        if last is not None and last["created_at"].date() >= self._clock.now().date():
            return 0
        after = last["position"] if last is not None else 0
        head = await self._files.head()
        written = 0
        while after < head.position:
            through = min(head.position, after + ROWS_PER_FILE)
            try:
                await self._export(after, through)
            except AuditBrokenError:
                await self._raise_alarm(after, through)
                return written
            after = through
            written += 1
        return written

    async def list(self, *, before: int | None, limit: int) -> Sequence[AuditExport]:
        """Return the files, newest first, that end below a position."""
        return [AuditExport(**row) for row in await self._database.rows(_LIST, before, limit)]

    async def _export(self, after: int, through: int) -> None:
        content = b"".join([line async for line in self._files.lines(after=after, through=through)])
        stretch = check_file(io.BytesIO(content))
        key = self._new_key()
        await self._shelf.put(key=key, data=content, content_type=CONTENT_TYPE)
        await self._database.execute(
            _KEEP,
            stretch.position,
            stretch.after,
            stretch.hash,
            key,
            len(content),
            digest(content),
            self._clock.now(),
        )

    async def _raise_alarm(self, after: int, through: int) -> None:
        detail = (
            f"The audit log is not what was sealed, somewhere from position {after + 1} to {through}.\n\n"
            "`kro audit verify` names the first place. Compare with the newest export; keep the database as it is."
        )
        message = alert(id=self._ids.new(), kind="audit_broken", subject="The audit log was changed", detail=detail)
        await self._database.execute(_RAISE, f"alarm.audit_broken.{after}", encode(Decision(messages=(message,))))
