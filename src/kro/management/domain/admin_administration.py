"""Admins managed by super admins: invited, suspended, given another role, and a new authenticator by two persons.

Every change takes a fresh code of the acting admin's authenticator, which is used up by it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from kro.core.actor import Actor
from kro.core.clock import Clock
from kro.core.database.pool import Database
from kro.core.decisions import Audit, Decision, LostRaceError, Message
from kro.core.decisions.encoding import encode
from kro.core.errors import ErrorKind, KroError
from kro.core.ids import IdSource
from kro.core.two_factor import FactorLockedError, TwoFactor, WrongFactorError, spend_step
from kro.management.database.admin_directory import AdminDirectory, AdminRecord
from kro.management.database.admin_enrolments import AdminEnrolmentStore, Enrolment, NewInvite
from kro.management.domain.user_administration import OwnAccountError
from kro.verification.domain import LINK_TOPIC, DrawnLink, MagicLinks

_LIFE: Final = timedelta(hours=72)


class AdminNotFoundError(KroError):
    """There is no such admin."""

    kind = ErrorKind.NOT_FOUND
    code = "admin_not_found"


class AdminStateError(KroError):
    """This is not possible as things are now: it is so already, or is waiting, or was decided."""

    code = "admin_state"


class AdminExistsError(KroError):
    """There is an admin with this address."""

    code = "admin_exists"


class EnrolmentNotFoundError(KroError):
    """There is no such invitation or request."""

    kind = ErrorKind.NOT_FOUND
    code = "enrolment_not_found"


class SamePersonError(KroError):
    """It takes a second person: somebody else has to agree."""

    code = "second_person_needed"


class AdminAdministration:
    def __init__(
        self,
        directory: AdminDirectory,
        enrolments: AdminEnrolmentStore,
        *,
        two_factor: TwoFactor,
        links: MagicLinks,
        database: Database,
        clock: Clock,
        ids: IdSource,
    ) -> None:
        self._directory = directory
        self._enrolments = enrolments
        self._two_factor = two_factor
        self._links = links
        self._database = database
        self._clock = clock
        self._ids = ids

    async def list_all(self) -> Sequence[AdminRecord]:
        return await self._directory.list_all()

    async def enrolments(self) -> Sequence[Enrolment]:
        return await self._enrolments.list_all()

    async def find(self, admin_id: UUID) -> AdminRecord:
        """Return an admin.

        :raises AdminNotFoundError: when there is none.
        """
        found = await self._directory.find(admin_id)
        if found is None:
            raise AdminNotFoundError
        return found

    async def invite(self, *, email: str, name: str, role: str, reason: str, totp: str, admin: Actor) -> Enrolment:
        """Invite somebody by mail; the link works once, for 72 hours, and nothing exists until it was used.

        :raises AdminExistsError: when the address has an admin.
        :raises WrongFactorError: when the acting admin's code is wrong or was used.
        :raises FactorLockedError: after five wrong codes.
        """
        drawn, enrolment_id = self._links.draw(), self._ids.new()
        new = NewInvite(enrolment_id, email.casefold(), name, role, reason, drawn.digest)
        message = self._mail(drawn, new.email, "admin_invite")
        document = await self._document(
            "admin.invited", enrolment_id, totp, admin, message=message, detail={"role": role, "reason": reason}
        )
        if not await self._written(self._enrolments.invite(new, by=admin.id, record=document)):
            raise AdminExistsError
        return await self._enrolment(enrolment_id)

    async def revoke(self, enrolment_id: UUID, *, admin: Actor) -> Enrolment:
        """Take an invitation or a request back before it was used.

        :raises EnrolmentNotFoundError: when there is none.
        :raises AdminStateError: when it has ended.
        """
        await self._enrolment(enrolment_id)
        document = encode(Decision(audits=(self._audit("admin.enrolment_revoked", enrolment_id, admin),)))
        if not await self._enrolments.revoke(enrolment_id, record=document):
            raise AdminStateError
        return await self._enrolment(enrolment_id)

    async def ask_reset(self, admin_id: UUID, *, reason: str, totp: str, admin: Actor) -> Enrolment:
        """Ask, as the first of two, that another admin gets a new authenticator. Nothing changes yet.

        :raises OwnAccountError: when it is one's own.
        :raises AdminNotFoundError: when there is none.
        :raises AdminStateError: when the admin is suspended, or it is asked for already.
        """
        await self._other(admin_id, admin)
        enrolment_id = self._ids.new()
        document = await self._document("admin.factor_reset_asked", admin_id, totp, admin, detail={"reason": reason})
        asked = self._enrolments.ask_reset(enrolment_id, admin_id=admin_id, by=admin.id, reason=reason, record=document)
        if not await self._written(asked):
            raise AdminStateError
        return await self._enrolment(enrolment_id)

    async def agree_reset(self, enrolment_id: UUID, *, totp: str, admin: Actor) -> Enrolment:
        """Agree, as the second: the old authenticator stops working at once, and a link to a new one is mailed.

        :raises EnrolmentNotFoundError: when there is none.
        :raises SamePersonError: when it is the one who asked.
        :raises OwnAccountError: when it is about oneself.
        :raises AdminStateError: when it does not wait for this.
        """
        found = await self._enrolment(enrolment_id)
        if found.subject_id == admin.id:
            raise await self._refused("admin.factor_reset_agreed", enrolment_id, admin, OwnAccountError())
        if found.asked_by == admin.id:
            raise await self._refused("admin.factor_reset_agreed", enrolment_id, admin, SamePersonError())
        drawn = self._links.draw()
        message = self._mail(drawn, found.email, "admin_factor_reset")
        document = await self._document("admin.factor_reset_agreed", found.subject_id, totp, admin, message=message)
        agreed = self._enrolments.agree(enrolment_id, by=admin.id, digest=drawn.digest, record=document)
        if not await self._written(agreed):
            raise AdminStateError
        return await self._enrolment(enrolment_id)

    async def set_status(self, admin_id: UUID, status: str, *, reason: str, totp: str, admin: Actor) -> AdminRecord:
        """Suspend or reinstate another admin; a suspended one is out at once.

        :raises OwnAccountError: when it is oneself; so the last super admin stays.
        :raises AdminNotFoundError: when there is none.
        :raises AdminStateError: when it is so already.
        """
        await self._other(admin_id, admin)
        action = "admin.suspended" if status == "suspended" else "admin.reinstated"
        document = await self._document(action, admin_id, totp, admin, detail={"reason": reason})
        if not await self._written(self._directory.set_status(admin_id, status, by=admin.id, record=document)):
            raise AdminStateError
        return await self.find(admin_id)

    async def set_role(self, admin_id: UUID, role: str, *, reason: str, totp: str, admin: Actor) -> AdminRecord:
        """Give another admin another role; their sessions end.

        :raises OwnAccountError: when it is oneself; so the last super admin stays.
        :raises AdminNotFoundError: when there is none.
        :raises AdminStateError: when it is that role already.
        """
        await self._other(admin_id, admin)
        detail = {"role": role, "reason": reason}
        document = await self._document("admin.role_changed", admin_id, totp, admin, detail=detail)
        if not await self._written(self._directory.set_role(admin_id, role, by=admin.id, record=document)):
            raise AdminStateError
        return await self.find(admin_id)

    async def _other(self, admin_id: UUID, admin: Actor) -> AdminRecord:
        found = await self.find(admin_id)
        if found.id == admin.id:
            raise await self._refused("admin.change", admin_id, admin, OwnAccountError())
        return found

    async def _enrolment(self, enrolment_id: UUID) -> Enrolment:
        found = await self._enrolments.find(enrolment_id)
        if found is None:
            raise EnrolmentNotFoundError
        return found

    async def _written(self, statement: Any) -> bool:  # noqa: ANN401 - an awaitable of the stores
        try:
            return bool(await statement)
        except LostRaceError:
            # The only version in these statements is the code's step: somebody was faster with the same code.
            raise WrongFactorError from None

    async def _document(
        self,
        action: str,
        target: UUID,
        totp: str,
        admin: Actor,
        *,
        message: Message | None = None,
        detail: dict[str, Any] | None = None,
    ) -> str:
        try:
            step = await self._two_factor.attempt(owner_id=admin.id, code=totp)
        except (WrongFactorError, FactorLockedError) as error:
            raise await self._refused(action, target, admin, error) from None
        decision = Decision(
            writes=(spend_step(admin_id=admin.id, step=step),),
            messages=(message,) if message else (),
            audits=(self._audit(action, target, admin, detail=detail),),
        )
        return encode(decision)

    async def _refused(self, action: str, target: UUID, admin: Actor, error: KroError) -> KroError:
        audit = self._audit(action, target, admin, refused=error.code)
        await self._database.apply(encode(Decision(audits=(audit,))))
        return error

    def _mail(self, drawn: DrawnLink, email: str, purpose: str) -> Message:
        return Message(
            id=self._ids.new(),
            topic=LINK_TOPIC,
            payload={
                "link_id": drawn.id,
                "sealed": drawn.sealed,
                "purpose": purpose,
                "channel": "mail",
                "to": email,
                "expires_at": self._clock.now() + _LIFE,
            },
        )

    def _audit(
        self,
        action: str,
        target: UUID,
        admin: Actor,
        *,
        detail: dict[str, Any] | None = None,
        refused: str | None = None,
    ) -> Audit:
        return Audit(
            id=self._ids.new(),
            actor=admin,
            action=action,
            target_type="admin",
            target_id=target,
            result="refused" if refused else "done",
            reason=refused,
            detail=detail or {},
        )
