"""Where a client stands in a list; pure, so that repositories need no HTTP to continue one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Position:
    """The last row a client has seen. Microseconds are kept: rows of the same millisecond must not be skipped."""

    created_at: datetime
    id: UUID


NEWEST: Final = Position(datetime.max.replace(tzinfo=UTC), UUID(int=2**128 - 1))
"""Before this position every row is on the first page: with a bound at all times the index serves every page."""
