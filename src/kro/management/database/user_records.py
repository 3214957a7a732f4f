"""People as admins find them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

_NAMED = ("id", "phone", "email", "name")


@dataclass(frozen=True, slots=True)
class UserFilter:
    """Whom to find; everything that is given must match.

    ``phone`` is E.164, ``email`` in lower case, ``name`` words of it, the last one perhaps unfinished.
    """

    id: UUID | None = None
    phone: str | None = field(default=None, repr=False)
    email: str | None = field(default=None, repr=False)
    name: str | None = field(default=None, repr=False)
    status: str | None = None
    kyc_tier: int | None = None

    def told(self) -> dict[str, Any]:
        """Return what the trace of a search says: by what was searched, and nothing that names anybody."""
        by = [name for name in _NAMED if getattr(self, name) is not None]
        return {"by": by, "status": self.status, "kyc_tier": self.kyc_tier}


@dataclass(frozen=True, slots=True)
class UserRecord:
    """A person. Phone and mail are whole here; what of them is shown is for whoever shows them."""

    id: UUID
    phone: str | None = field(repr=False)
    email: str | None = field(repr=False)
    first_name: str
    last_name: str
    status: str
    kyc_tier: int
    created_at: datetime


@dataclass(frozen=True, slots=True)
class UserFacts:
    """What is known about a person beside the profile. ``sessions`` are those that live."""

    notes: int
    sessions: int
    orders_on_hold: int
    last_login_at: datetime | None


@dataclass(frozen=True, slots=True)
class UserNote:
    id: UUID
    user_id: UUID
    admin_id: UUID
    admin_name: str
    text: str
    created_at: datetime
