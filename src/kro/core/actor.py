from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from kro.core.errors import ErrorKind, KroError


class ActorKind(StrEnum):
    USER = "user"
    ADMIN = "admin"
    SYSTEM = "system"


@dataclass(frozen=True, slots=True)
class Actor:
    """Who asks: taken from a verified token, not yet checked against the database.

    ``country`` is where the address probably is (ISO 3166-1).

    ``viewed_by`` is the admin through whose eyes a user is shown something. Such an actor has no session, so every
    command refuses it like anybody who is logged out; only reads that expect a viewer let it through.
    """

    kind: ActorKind
    id: UUID
    session_id: UUID | None = None
    request_id: str | None = None
    ip: str | None = None
    viewed_by: UUID | None = None
    country: str | None = None

    @property
    def label(self) -> str:
        """Return the form journals and audit rows carry."""
        return f"{self.kind}:{self.id}"


SYSTEM = Actor(kind=ActorKind.SYSTEM, id=UUID(int=0))


class SessionEndedError(KroError):
    """The session has ended; log in again."""

    kind = ErrorKind.UNAUTHENTICATED
    code = "session_ended"


class AccountNotActiveError(KroError):
    """The account is not active."""

    kind = ErrorKind.FORBIDDEN
    code = "account_not_active"


class AccountRestrictedError(KroError):
    """This is not possible with your account at present; contact support."""

    kind = ErrorKind.FORBIDDEN
    code = "account_restricted"


class PermissionDeniedError(KroError):
    """The role does not allow this."""

    kind = ErrorKind.FORBIDDEN
    code = "permission_denied"


class DomainNotAllowedError(KroError):
    """This part of the API does not answer to this host, or not to pages of this origin."""

    kind = ErrorKind.FORBIDDEN
    code = "domain_not_allowed"


@dataclass(frozen=True, slots=True)
class Standing:
    """What the database says about an actor at the moment of the load: rides in every load query."""

    session_live: bool
    status: str
    kyc_tier: int = 0
    permissions: frozenset[str] = frozenset()
    is_frozen: bool = False

    def ensure_active(self) -> None:
        """Refuse an actor whose session was revoked or whose account is not active.

        :raises SessionEndedError: when the session was revoked or has expired.
        :raises AccountNotActiveError: when the account is suspended, pending or closed.
        """
        if not self.session_live:
            raise SessionEndedError
        if self.status != "active":
            raise AccountNotActiveError

    def ensure_unrestricted(self) -> None:
        """Refuse a user whose money may not move; what arrives for them still does.

        :raises AccountRestrictedError: saying nothing of why.
        """
        if self.is_frozen:
            raise AccountRestrictedError

    def ensure_permitted(self, permission: str) -> None:
        """Refuse an admin whose role lacks a permission.

        :raises PermissionDeniedError: naming no other permission.
        """
        self.ensure_active()
        if permission not in self.permissions:
            raise PermissionDeniedError
