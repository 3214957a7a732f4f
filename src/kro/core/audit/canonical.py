"""The bytes of an audit row that its seal is about, the same on every machine and in every version."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime
from typing import Any, Final, Protocol

GENESIS: Final = bytes(32)
"""What stands for the hash before the first row."""

ROW: Final = """a.id, a.at, a.actor_kind, a.actor_id, a.session_id, a.action, a.target_type, a.target_id, a.result,
a.reason, a.detail::text AS detail, a.request_id, a.ip"""
"""The columns of ``audit_log AS a`` that :func:`canonical_line` takes."""

_FIELDS: Final = (
    *("id", "at", "actor_kind", "actor_id", "session_id", "action", "target_type", "target_id", "result", "reason"),
    *("request_id", "ip"),
)


class Columns(Protocol):
    """A row by column names."""

    def __getitem__(self, name: str, /) -> Any:  # noqa: ANN401 - the column decides the type
        ...


def canonical_line(row: Columns) -> bytes:
    """Return a row as one line of JSON without its line break: members in a fixed order, times in UTC to microseconds.

    ``detail`` stands there in PostgreSQL's own form of ``jsonb``, which is one text for one value and loses no digit.
    """
    members = [f"{_quoted(name)}:{_quoted(_plain(row[name]))}" for name in _FIELDS]
    return f'{{{",".join(members)},"detail":{row["detail"]}}}'.encode()


def seal(previous: bytes, line: bytes) -> bytes:
    """Return the hash of a row: SHA-256 over the hash of the row before it and the row's own line."""
    return hashlib.sha256(previous + line).digest()


def _plain(value: object) -> str | None:
    if value is None:
        return None
    if isinstance(value, datetime):
        return f"{value.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%f}Z"
    return str(value)


def _quoted(value: str | None) -> str:
    return json.dumps(value, ensure_ascii=False)
