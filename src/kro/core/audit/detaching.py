"""Old months of the audit log leave their table once files hold them; the chain of seals stays whole."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol
from uuid import UUID

import asyncpg
import orjson

from kro.core.audit.archive import AuditExport, Shelf
from kro.core.audit.chain import AuditChain
from kro.core.audit.files import AuditFileInvalidError, check_file, digest
from kro.core.database.pool import Database
from kro.core.errors import ErrorKind, KroError

FORMAT: Final = 1
MOST_BYTES: Final = 1 << 20
"""Of a manifest."""

_MONTH: Final = """
SELECT m.partition, m.from_id, m.until_id,
       m.until_id <= first_id_at(now() - make_interval(days => $2)) AS is_old
FROM month_partitions AS m WHERE m.parent = 'audit_log' AND m.partition = $1 AND NOT m.is_default"""
_ROWS: Final = """
SELECT count(*) AS rows, count(s.position) AS sealed, coalesce(min(s.position), 0) AS first,
       coalesce(max(s.position), 0) AS through
FROM audit_log AS a LEFT JOIN audit_seals AS s ON s.audit_id = a.id
WHERE a.id >= coalesce($1, '00000000-0000-0000-0000-000000000000'::uuid) AND a.id < $2"""
_DIGEST: Final = "SELECT digest_of_seals($1, $2, $3)"
_FILES: Final = """
SELECT position, after_position, hash, storage_key, size_bytes, sha256, created_at FROM audit_exports
WHERE position >= $1 AND after_position < $2 ORDER BY position"""
_DETACH: Final = "SELECT detach_audit_month($1, $2, $3, $4, $5, $6, $7)"
_DETACHED: Final = """
SELECT partition, from_id, until_id, row_count, first_position, through_position, seals_sha256, manifest_key,
       manifest_sha256 FROM detached_months AS d
WHERE NOT EXISTS (SELECT FROM month_partitions AS m WHERE m.partition = d.partition) ORDER BY until_id"""
_ATTACHED: Final = """
SELECT partition FROM month_partitions WHERE parent = 'audit_log' AND NOT is_default ORDER BY until_id"""
_NIL: Final = UUID(int=0)


class MonthKeptError(KroError):
    """This month cannot be detached."""

    kind = ErrorKind.CONFLICT
    code = "month_kept"


class ArchiveBrokenError(KroError):
    """What files hold of a month is not what was sealed."""

    kind = ErrorKind.CONFLICT
    code = "archive_broken"


class Store(Shelf, Protocol):
    """Where files are kept for good and read back from."""

    async def get(self, *, key: str, max_bytes: int) -> bytes: ...


@dataclass(frozen=True, slots=True)
class AuditMonth:
    """A month of the audit log: its bounds, how many rows it has and where they are in the chain."""

    partition: str
    from_id: UUID | None
    until_id: UUID
    rows: int
    first: int
    through: int
    seals_sha256: bytes

    def holds(self, row_id: UUID) -> bool:
        return (self.from_id or _NIL) <= row_id < self.until_id


class AuditMonths:
    """Detaches months that are old enough, and checks what was detached.

    The files are those that are written every day (:class:`kro.core.audit.AuditArchive`): each is a stretch of the
    chain that anybody can check. A manifest names the ones that hold a month, and what it came to.
    """

    def __init__(self, database: Database, *, store: Store, new_key: Callable[[], str]) -> None:
        self._database = database
        self._store = store
        self._new_key = new_key
        self._chain = AuditChain(database)

    async def detach(self, partition: str, *, owner_dsn: str, older_than_days: int) -> AuditMonth:
        """Detach a month whose rows were all read back from files as they were sealed; killed anywhere, start again.

        :param owner_dsn: the application's own role cannot do this.
        :raises MonthKeptError: it is too young, not sealed or not in files yet, or not attached.
        :raises ArchiveBrokenError: the rows, or what a file holds of them, are not what was sealed.
        """
        month = await self._closed(partition, older_than_days)
        await self._recompute(month)
        files = await self._covering(month)
        await self._read_back(month, files)
        content = _manifest(month, files)
        key = self._new_key()
        await self._store.put(key=key, data=content, content_type="application/json")
        if await self._store.get(key=key, max_bytes=len(content)) != content:
            raise ArchiveBrokenError(f"The manifest {key} was not stored as it was written.")
        facts = (partition, month.rows, month.first, month.through, month.seals_sha256, key, digest(content))
        owner = await asyncpg.connect(owner_dsn)
        try:
            await owner.execute(_DETACH, *facts)
        except (asyncpg.UndefinedTableError, asyncpg.SerializationError, asyncpg.LockNotAvailableError) as error:
            raise MonthKeptError(f"{partition} stays attached: {error}.") from error
        finally:
            await owner.close()
        return month

    async def attached(self) -> Sequence[str]:
        """Return the names of the months in the log, oldest first."""
        return [row["partition"] for row in await self._database.rows(_ATTACHED)]

    async def detached(self) -> Sequence[AuditMonth]:
        """Return the months that left the log, oldest first."""
        return [month for month, _, _ in await self._left()]

    async def verify(self) -> Sequence[AuditMonth]:
        """Read the files of every detached month and compare them with the chain; return the months.

        :raises ArchiveBrokenError: at the first that is not what was sealed.
        :raises ObjectNotFoundError: a file is gone.
        """
        left = await self._left()
        for month, key, expected in left:
            content = await self._store.get(key=key, max_bytes=MOST_BYTES)
            files = await self._covering(month)
            if digest(content) != expected or content != _manifest(month, files):
                raise ArchiveBrokenError(f"The manifest of {month.partition} was changed.")
            await self._read_back(month, files)
        return [month for month, _, _ in left]

    async def _left(self) -> Sequence[tuple[AuditMonth, str, bytes]]:
        """Return the months that left, each with the key and the digest of its manifest."""
        rows = [list(row.values()) for row in await self._database.rows(_DETACHED)]
        return [(AuditMonth(*facts[:-2]), facts[-2], facts[-1]) for facts in rows]

    async def _closed(self, partition: str, older_than_days: int) -> AuditMonth:
        found = await self._database.row(_MONTH, partition, older_than_days)
        if found is None:
            raise MonthKeptError(f"{partition} is no attached month of the audit log.")
        if not found["is_old"]:
            raise MonthKeptError(f"{partition} did not end {older_than_days} days ago (retention.auditDays).")
        rows = await self._database.row(_ROWS, found["from_id"], found["until_id"])
        assert rows is not None  # noqa: S101 - an aggregate always returns one row
        if rows["sealed"] != rows["rows"]:
            raise MonthKeptError(f"{partition} has rows that are not sealed yet.")
        through = rows["through"]
        seals = await self._database.value(_DIGEST, found["from_id"], found["until_id"], through)
        bounds = (found["from_id"], found["until_id"])
        return AuditMonth(partition, *bounds, rows["rows"], rows["first"], through, seals)

    async def _recompute(self, month: AuditMonth) -> None:
        if month.rows == 0:
            return
        verdict = await self._chain.verify(after=month.first - 1, limit=month.through - month.first + 1)
        if broken := verdict.broken:
            raise ArchiveBrokenError(f"The chain is broken at position {broken.position}: run `kro audit verify`.")

    async def _covering(self, month: AuditMonth) -> Sequence[AuditExport]:
        if month.rows == 0:
            return ()
        files = [AuditExport(**row) for row in await self._database.rows(_FILES, month.first, month.through)]
        reached = month.first - 1
        for file in files:
            if file.after_position > reached:
                break
            reached = file.position
        if reached < month.through:
            raise MonthKeptError(f"{month.partition} is in files up to position {reached} of {month.through} only.")
        return files

    async def _read_back(self, month: AuditMonth, files: Sequence[AuditExport]) -> None:
        """Find every row of a month in its files, which are stretches of the chain in the database."""
        held = 0
        for file in files:
            content = await self._store.get(key=file.storage_key, max_bytes=file.size_bytes)
            try:
                stretch = check_file(io.BytesIO(content))
            except AuditFileInvalidError as error:
                raise ArchiveBrokenError(f"The file {file.storage_key} was changed.") from error
            told = (stretch.after, stretch.position, stretch.hash, digest(content))
            known = await self._chain.hash_at(stretch.position)
            if told != (file.after_position, file.position, file.hash, file.sha256) or known != stretch.hash:
                raise ArchiveBrokenError(f"The file {file.storage_key} is not the one that was written.")
            held += _count(month, content, first=file.after_position + 1)
        if held != month.rows:
            raise ArchiveBrokenError(f"Files hold {held} of the {month.rows} rows of {month.partition}.")


def _count(month: AuditMonth, content: bytes, *, first: int) -> int:
    lines = content.splitlines()[1:-1]
    ids = (UUID(orjson.loads(line)["id"]) for line in lines[: max(0, month.through - first + 1)])
    return sum(month.holds(row_id) for row_id in ids)


def _manifest(month: AuditMonth, files: Sequence[AuditExport]) -> bytes:
    members: dict[str, Any] = {
        "kro_month": FORMAT,
        "partition": month.partition,
        "from_id": str(month.from_id or _NIL),
        "until_id": str(month.until_id),
        "rows": month.rows,
        "first_position": month.first,
        "through_position": month.through,
        "seals_sha256": month.seals_sha256.hex(),
        "files": [
            {
                "after": file.after_position,
                "position": file.position,
                "hash": file.hash.hex(),
                "storage_key": file.storage_key,
                "size_bytes": file.size_bytes,
                "sha256": file.sha256.hex(),
            }
            for file in files
        ],
    }
    return orjson.dumps(members)
