"""Changes of phone and mail address as they were loaded: frozen, and free of any framework."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID


@dataclass(frozen=True, slots=True)
class ContactBasis:
    """What a change depends on; ``taken`` says that the new one is somebody else's, which nobody is told."""

    phone: str | None = field(repr=False)
    email: str | None = field(repr=False)
    email_verified: bool
    password_hash: str = field(repr=False)
    taken: bool


@dataclass(frozen=True, slots=True)
class ContactChange:
    id: UUID
    user_id: UUID
    kind: str
    old_value: str | None = field(repr=False)
    new_value: str = field(repr=False)
    new_proven_at: datetime | None
    old_proven_at: datetime | None
    created_at: datetime
    takes_effect_at: datetime

    @property
    def is_agreed(self) -> bool:
        """Whether everybody who has a say has had it."""
        return self.new_proven_at is not None and (self.old_value is None or self.old_proven_at is not None)
