"""Where a client stands in a list; pure, so that repositories need no HTTP to continue one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Position:
    """The last row a client has seen. Microseconds are kept: rows of the same millisecond must not be skipped."""

    created_at: datetime
    id: UUID
