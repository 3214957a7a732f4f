"""Sealed rows as files: one JSON object a line, checkable by anybody with SHA-256 and without this program.

The first line says behind which position the file begins and with which hash, the last one where it ends. In between
every line, without its line break, is exactly what was hashed: ``hash = SHA256(hash before + line)``.
"""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final

import orjson

from kro.core.audit.canonical import ROW, canonical_line, seal
from kro.core.audit.chain import AuditChain
from kro.core.database.pool import Database
from kro.core.errors import ErrorKind, KroError

FORMAT: Final = 1
_BATCH: Final = 2_000

_ROWS: Final = f"""
SELECT s.position, s.hash, EXISTS (
    SELECT FROM detached_months AS d WHERE a.id IS NULL AND s.position <= d.through_position
      AND s.audit_id < d.until_id AND s.audit_id >= coalesce(d.from_id, s.audit_id)) AS is_detached, {ROW}
FROM audit_seals AS s LEFT JOIN audit_log AS a ON a.id = s.audit_id
WHERE s.position > $1 AND s.position <= $2 ORDER BY s.position LIMIT {_BATCH}"""  # noqa: S608 - built from constants only


class AuditBrokenError(KroError):
    """The audit log is not what was sealed; verify it to learn where."""

    kind = ErrorKind.CONFLICT
    code = "audit_broken"


class AuditDetachedError(KroError):
    """These rows left the log with their month; they are in the files that were written before."""

    kind = ErrorKind.GONE
    code = "audit_month_detached"


class AuditFileInvalidError(KroError):
    """This file is not an export of the audit log, or was changed."""

    kind = ErrorKind.INVALID
    code = "audit_file_invalid"


@dataclass(frozen=True, slots=True)
class Stretch:
    """A piece of the chain: everything behind ``after`` up to ``position``, which has this hash."""

    after: int
    position: int
    hash: bytes


class AuditFiles:
    """Writes stretches of the chain; recomputes what it writes, so that a broken chain is never exported as a whole."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._chain = AuditChain(database)

    async def head(self) -> Stretch:
        """Return the whole chain as it is now."""
        row = await self._database.row("SELECT position, hash FROM audit_head")
        assert row is not None  # noqa: S101 - a migration wrote it, and nobody can delete it
        return Stretch(0, row["position"], row["hash"])

    async def lines(self, *, after: int, through: int) -> AsyncIterator[bytes]:
        """Yield the file of a stretch, line by line with line breaks.

        :raises AuditBrokenError: at the first row that is not what was sealed.
        :raises AuditDetachedError: at the first row that left with its month.
        """
        current = await self._chain.hash_at(after)
        if current is None:
            raise AuditBrokenError
        yield _json({"kro_audit": FORMAT, "after": after, "hash": current.hex()})
        position = after
        while position < through:
            rows = await self._database.rows(_ROWS, position, through)
            if not rows:
                raise AuditBrokenError
            for row in rows:
                if row["is_detached"]:
                    raise AuditDetachedError
                line = canonical_line(row) if row["id"] is not None else b""
                current = seal(current, line)
                position += 1
                if (row["position"], row["hash"]) != (position, current):
                    raise AuditBrokenError
                yield line + b"\n"
        yield _json({"position": position, "hash": current.hex()})

    async def belongs(self, stretch: Stretch) -> bool:
        """Tell whether the chain in the database still has the hash that a file ends with."""
        return await self._chain.hash_at(stretch.position) == stretch.hash


def check_file(lines: Iterable[bytes]) -> Stretch:
    """Recompute the hashes of a file and return the stretch it holds. Needs no database.

    :raises AuditFileInvalidError: when anything in it was changed.
    """
    remaining = iter(lines)
    head = _object(next(remaining, b""))
    try:
        after, current = int(head["after"]), bytes.fromhex(head["hash"])
    except (KeyError, TypeError, ValueError):
        raise AuditFileInvalidError from None
    if head.get("kro_audit") != FORMAT:
        raise AuditFileInvalidError
    position = after
    for line, is_last in _with_end(remaining):
        if is_last:
            if _object(line) != {"position": position, "hash": current.hex()}:
                raise AuditFileInvalidError
            return Stretch(after, position, current)
        current = seal(current, line)
        position += 1
    raise AuditFileInvalidError


def digest(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()


def _with_end(lines: Iterator[bytes]) -> Iterator[tuple[bytes, bool]]:
    held: bytes | None = None
    for line in lines:
        if held is not None:
            yield held, False
        held = line.removesuffix(b"\n")
    if held is not None:
        yield held, True


def _object(line: bytes) -> dict[str, Any]:
    try:
        found = orjson.loads(line)
    except orjson.JSONDecodeError:
        raise AuditFileInvalidError from None
    if not isinstance(found, dict):
        raise AuditFileInvalidError
    return found


def _json(members: dict[str, object]) -> bytes:
    return orjson.dumps(members) + b"\n"
