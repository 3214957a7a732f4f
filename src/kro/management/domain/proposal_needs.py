"""Who may read, make and approve proposals of one kind."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Self

from kro.core.auth.permissions import Permission


@dataclass(frozen=True, slots=True)
class Needs:
    read: Permission
    propose: Permission
    approve: Permission

    @classmethod
    def one(cls, permission: Permission) -> Self:
        """Return the needs of what people of one trade do among themselves."""
        return cls(permission, permission, permission)


EXCEPTIONS: Final = Needs(Permission.EXCEPTIONS_READ, Permission.EXCEPTIONS_PROPOSE, Permission.EXCEPTIONS_APPROVE)
"""Money that no rule moves."""
