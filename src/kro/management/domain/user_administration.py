"""People in the hands of admins. Whoever looks at one, finds one or changes one is on record."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from kro.core.actor import Actor, ActorKind
from kro.core.audit import AuditEntry, AuditSearch, AuditTrail
from kro.core.auth.sessions import SessionView
from kro.core.auth.viewing import PersonNotFoundError
from kro.core.clock import Clock
from kro.core.database.pool import Database
from kro.core.decisions import Audit, Decision, Insert
from kro.core.decisions.encoding import encode
from kro.core.errors import KroError
from kro.core.ids import IdSource
from kro.core.paging import Position
from kro.kro_balance.domain import BalanceReads, BalanceView
from kro.management.database.user_directory import UserDirectory
from kro.management.database.user_records import UserFacts, UserFilter, UserNote, UserRecord
from kro.management.domain.errors import SessionNotFoundError
from kro.order.domain import OrderLists, OrderStatus, Party


class UserStatusError(KroError):
    """The account is not in a status from which this is possible."""

    code = "user_status"


class OwnAccountError(KroError):
    """Nobody decides about an account of their own."""

    code = "own_account"


@dataclass(frozen=True, slots=True)
class UserFile:
    """All an admin sees of a person at once; amounts in minor units."""

    user: UserRecord
    facts: UserFacts
    orders: Mapping[Party, Mapping[OrderStatus, int]]
    balances: Sequence[BalanceView]


_SUSPENDED: Final = "suspended"
_ACTIVE: Final = "active"


class UserAdministration:
    def __init__(
        self,
        directory: UserDirectory,
        *,
        database: Database,
        trail: AuditTrail,
        log: AuditSearch,
        orders: OrderLists,
        balances: BalanceReads,
        clock: Clock,
        ids: IdSource,
    ) -> None:
        self._directory = directory
        self._database = database
        self._trail = trail
        self._log = log
        self._orders = orders
        self._balances = balances
        self._clock = clock
        self._ids = ids

    async def search(
        self, wanted: UserFilter, *, before: Position | None, limit: int, admin: Actor
    ) -> Sequence[UserRecord]:
        """Return matching people, the newest accounts first. The trace says by what was searched, not for whom."""
        await self._trail.note("user.search", actor=admin, target=("user", wanted.id), detail=wanted.told())
        return await self._directory.page(wanted, before=before, limit=limit)

    async def open(self, user_id: UUID, *, admin: Actor) -> UserFile:
        """Return a person's file.

        :raises PersonNotFoundError: for nobody's id.
        """
        user = await self._look("user.read", user_id, admin)
        # Reads of the user's own, which let through whoever comes with a trace.
        viewed = Actor(kind=ActorKind.USER, id=user_id, viewed_by=admin.id)
        return UserFile(
            user=user,
            facts=await self._directory.facts(user_id),
            orders=await self._orders.counts(actor=viewed),
            balances=await self._balances.balances(viewed),
        )

    async def personal(self, user_id: UUID, *, admin: Actor, reason: str) -> UserRecord:
        """Return a person to somebody who is shown phone and mail whole.

        :raises PersonNotFoundError: for nobody's id.
        """
        return await self._look("user.read_personal", user_id, admin, reason=reason)

    async def suspend(self, user_id: UUID, *, admin: Actor, reason: str) -> int:
        """Suspend an active account and end its sessions; return how many.

        From now on nothing moves by this person. Their orders go on by their deadlines, and by the other party.

        :raises PersonNotFoundError: for nobody's id.
        :raises OwnAccountError: when the account is the admin's own.
        :raises UserStatusError: when the account is not active.
        """
        return await self._change("user.suspend", user_id, (_ACTIVE, _SUSPENDED), admin=admin, reason=reason)

    async def reinstate(self, user_id: UUID, *, admin: Actor, reason: str) -> int:
        """Make a suspended account active again; its old sessions stay over.

        :raises PersonNotFoundError: for nobody's id.
        :raises OwnAccountError: when the account is the admin's own.
        :raises UserStatusError: when the account is not suspended.
        """
        return await self._change("user.reinstate", user_id, (_SUSPENDED, _ACTIVE), admin=admin, reason=reason)

    async def add_note(self, user_id: UUID, text: str, *, admin: Actor) -> UserNote:
        """Keep a note about a person, for admins alone and for good.

        :raises PersonNotFoundError: for nobody's id.
        """
        if await self._directory.read(user_id) is None:
            raise PersonNotFoundError
        row = {
            "id": self._ids.new(),
            "user_id": user_id,
            "admin_id": admin.id,
            "text": text,
            "created_at": self._clock.now(),
        }
        audit = self._audit("user.note", user_id, admin, detail={"note": str(row["id"])})
        await self._database.apply(encode(Decision(writes=(Insert("user_notes", (row,)),), audits=(audit,))))
        written = await self._directory.note(UUID(str(row["id"])))
        assert written is not None  # noqa: S101 - it was just written, and nobody can delete it
        return written

    async def notes(self, user_id: UUID, *, before: Position | None, limit: int, admin: Actor) -> Sequence[UserNote]:
        """Return the notes about a person, the newest first.

        :raises PersonNotFoundError: for nobody's id.
        """
        await self._look("user.read_notes", user_id, admin)
        return await self._directory.notes(user_id, before=before, limit=limit)

    async def sessions(self, user_id: UUID, *, admin: Actor) -> Sequence[SessionView]:
        """Return where a person is logged in.

        :raises PersonNotFoundError: for nobody's id.
        """
        await self._look("user.read_sessions", user_id, admin)
        return await self._directory.sessions(user_id)

    async def end_sessions(self, user_id: UUID, *, session_id: UUID | None = None, admin: Actor, reason: str) -> int:
        """End one session of a person, or all of them; return how many ended.

        :raises SessionNotFoundError: when the one that was named is over or somebody else's.
        """
        target = {"session": str(session_id)} if session_id else {"session": "all"}
        audit = self._audit("user.end_sessions", user_id, admin, reason=reason, detail=target)
        ended = await self._directory.end_sessions(user_id, session_id, document=encode(Decision(audits=(audit,))))
        if not ended and session_id is not None:
            raise SessionNotFoundError
        return ended

    async def trail(self, user_id: UUID, *, before: Position | None, limit: int, admin: Actor) -> Sequence[AuditEntry]:
        """Return what a person did and what was done to them, the newest first.

        :raises PersonNotFoundError: for nobody's id.
        """
        await self._look("user.read_trail", user_id, admin)
        return await self._log.involving(user_id, before=before, limit=limit)

    async def _look(self, action: str, user_id: UUID, admin: Actor, *, reason: str | None = None) -> UserRecord:
        user = await self._directory.read(user_id)
        await self._trail.note(action, actor=admin, target=("user", user_id), reason=reason, refused=user is None)
        if user is None:
            raise PersonNotFoundError
        return user

    async def _change(self, action: str, user_id: UUID, statuses: tuple[str, str], *, admin: Actor, reason: str) -> int:
        audit = self._audit(action, user_id, admin, reason=reason)
        ended = await self._directory.change_status(
            user_id,
            from_status=statuses[0],
            to_status=statuses[1],
            admin_id=admin.id,
            ended_because=f"account_{statuses[1]}",
            document=encode(Decision(audits=(audit,))),
        )
        if ended is None:
            error = await self._why_not(user_id, admin)
            await self._trail.note(action, actor=admin, target=("user", user_id), reason=error.code, refused=True)
            raise error
        return ended

    async def _why_not(self, user_id: UUID, admin: Actor) -> KroError:
        if await self._directory.read(user_id) is None:
            return PersonNotFoundError()
        return OwnAccountError() if await self._directory.is_same_person(admin.id, user_id) else UserStatusError()

    def _audit(
        self,
        action: str,
        user_id: UUID,
        admin: Actor,
        *,
        reason: str | None = None,
        detail: Mapping[str, Any] | None = None,
    ) -> Audit:
        return Audit(
            id=self._ids.new(),
            actor=admin,
            action=action,
            target_type="user",
            target_id=user_id,
            reason=reason,
            detail=detail or {},
        )
