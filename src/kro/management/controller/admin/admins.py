"""Admins, for those who may manage them. Every change takes a fresh code of the acting admin's authenticator."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal, Self, cast

from fastapi import Depends, Request
from pydantic import Field

from kro.core.actor import Actor
from kro.core.auth.permissions import Permission
from kro.core.errors import KroError
from kro.core.guards import admin_with
from kro.core.http import Email, Input, JSONBytes, Line, Output, Router, problems
from kro.core.ids import read_id, show_id
from kro.core.two_factor import FactorLockedError, WrongFactorError
from kro.management.controller.inputs import Code
from kro.management.domain import (
    AdminAdministration,
    AdminExistsError,
    AdminNotFoundError,
    AdminRecord,
    AdminStateError,
    Enrolment,
    EnrolmentNotFoundError,
    OwnAccountError,
    SamePersonError,
)

router = Router(prefix="/admin/admins", tags=["admin"])

Keeper = Annotated[Actor, admin_with(Permission.ADMINS_MANAGE)]
AdminRole = Literal["support", "dispute", "finance", "approver", "compliance", "super"]
_CODE: tuple[type[KroError], ...] = (WrongFactorError, FactorLockedError)
_CHANGE: tuple[type[KroError], ...] = (AdminNotFoundError, OwnAccountError, AdminStateError, *_CODE)


class CodeIn(Input):
    totp: Code = Field(description="A fresh code of your own authenticator; it is used up by this.")


class BecauseIn(CodeIn):
    reason: Line = Field(examples=["Left the company on Friday"])


class InviteIn(BecauseIn):
    email: Email
    name: Line = Field(max_length=100, examples=["Demo Approver"])
    role: AdminRole


class RoleIn(BecauseIn):
    role: AdminRole


class AdminRecordRead(Output):
    id: str = Field(examples=["adm_01kajz7k3nf9b8r2m4q6s8t0vw"])
    email: str
    name: str
    status: str = Field(examples=["active"])
    role: str = Field(examples=["approver"])
    has_authenticator: bool
    recovery_codes_left: int
    created_at: datetime

    @classmethod
    def of(cls, admin: AdminRecord) -> Self:
        return cls(
            id=show_id("adm", admin.id),
            email=admin.email,
            name=admin.name,
            status=admin.status,
            role=admin.role,
            has_authenticator=admin.has_factor,
            recovery_codes_left=admin.codes_left,
            created_at=admin.created_at,
        )


class AdminRecordList(Output):
    data: list[AdminRecordRead]


class EnrolmentRead(Output):
    """An invitation, or a new authenticator that waits for a second person or for its owner."""

    id: str = Field(examples=["enr_01kajz7k3nf9b8r2m4q6s8t0vw"])
    purpose: str = Field(examples=["invite"])
    admin_id: str
    email: str
    name: str
    role: str
    reason: str
    asked_by: str
    agreed_by: str | None
    created_at: datetime
    expires_at: datetime
    ended_at: datetime | None
    end_reason: str | None = Field(examples=["accepted"])

    @classmethod
    def of(cls, found: Enrolment) -> Self:
        return cls(
            id=show_id("enr", found.id),
            purpose=found.purpose,
            admin_id=show_id("adm", found.subject_id),
            email=found.email,
            name=found.name,
            role=found.role,
            reason=found.reason,
            asked_by=show_id("adm", found.asked_by),
            agreed_by=show_id("adm", found.agreed_by) if found.agreed_by else None,
            created_at=found.created_at,
            expires_at=found.expires_at,
            ended_at=found.ended_at,
            end_reason=found.end_reason,
        )


class EnrolmentList(Output):
    data: list[EnrolmentRead]


async def _admins(request: Request) -> AdminAdministration:
    return cast("AdminAdministration", request.app.state.admin_administration)


AdminsDep = Annotated[AdminAdministration, Depends(_admins)]


@router.get("", response_model=AdminRecordList)
async def list_admins(admin: Keeper, admins: AdminsDep) -> JSONBytes:  # noqa: ARG001 - the guard
    """List all admins, the newest first."""
    return JSONBytes.of(AdminRecordList(data=[AdminRecordRead.of(found) for found in await admins.list_all()]))


@router.get("/enrolments", response_model=EnrolmentList)
async def list_enrolments(admin: Keeper, admins: AdminsDep) -> JSONBytes:  # noqa: ARG001 - the guard
    """List invitations and requests for new authenticators, the newest first."""
    return JSONBytes.of(EnrolmentList(data=[EnrolmentRead.of(found) for found in await admins.enrolments()]))


@router.post("/enrolments", status_code=201, response_model=EnrolmentRead, responses=problems(AdminExistsError, *_CODE))
async def invite_admin(body: InviteIn, admin: Keeper, admins: AdminsDep) -> JSONBytes:
    """Invite somebody by mail. The link works once, for 72 hours; until then nothing of the admin exists."""
    invited = await admins.invite(
        email=body.email, name=body.name, role=body.role, reason=body.reason, totp=body.totp, admin=admin
    )
    return JSONBytes.of(EnrolmentRead.of(invited), status=201)


@router.post(
    "/enrolments/{enrolment_id}/agree",
    response_model=EnrolmentRead,
    responses=problems(EnrolmentNotFoundError, SamePersonError, OwnAccountError, AdminStateError, *_CODE),
)
async def agree_reset(enrolment_id: str, body: CodeIn, admin: Keeper, admins: AdminsDep) -> JSONBytes:
    """Agree, as the second person, that an admin gets a new authenticator. The old one stops working at once."""
    agreed = await admins.agree_reset(read_id("enr", enrolment_id), totp=body.totp, admin=admin)
    return JSONBytes.of(EnrolmentRead.of(agreed))


@router.post(
    "/enrolments/{enrolment_id}/revoke",
    response_model=EnrolmentRead,
    responses=problems(EnrolmentNotFoundError, AdminStateError),
)
async def revoke_enrolment(enrolment_id: str, admin: Keeper, admins: AdminsDep) -> JSONBytes:
    """Take an invitation or a request back before it is used."""
    return JSONBytes.of(EnrolmentRead.of(await admins.revoke(read_id("enr", enrolment_id), admin=admin)))


@router.get("/{admin_id}", response_model=AdminRecordRead, responses=problems(AdminNotFoundError))
async def show_admin(admin_id: str, admin: Keeper, admins: AdminsDep) -> JSONBytes:  # noqa: ARG001 - the guard
    """Show an admin."""
    return JSONBytes.of(AdminRecordRead.of(await admins.find(read_id("adm", admin_id))))


@router.post("/{admin_id}/suspend", response_model=AdminRecordRead, responses=problems(*_CHANGE))
async def suspend_admin(admin_id: str, body: BecauseIn, admin: Keeper, admins: AdminsDep) -> JSONBytes:
    """Suspend another admin, who is out at once."""
    changed = await admins.set_status(
        read_id("adm", admin_id), "suspended", reason=body.reason, totp=body.totp, admin=admin
    )
    return JSONBytes.of(AdminRecordRead.of(changed))


@router.post("/{admin_id}/reinstate", response_model=AdminRecordRead, responses=problems(*_CHANGE))
async def reinstate_admin(admin_id: str, body: BecauseIn, admin: Keeper, admins: AdminsDep) -> JSONBytes:
    """Let a suspended admin in again, with password and authenticator as they were."""
    changed = await admins.set_status(
        read_id("adm", admin_id), "active", reason=body.reason, totp=body.totp, admin=admin
    )
    return JSONBytes.of(AdminRecordRead.of(changed))


@router.post("/{admin_id}/role", response_model=AdminRecordRead, responses=problems(*_CHANGE))
async def change_role(admin_id: str, body: RoleIn, admin: Keeper, admins: AdminsDep) -> JSONBytes:
    """Give another admin another role; their sessions end."""
    changed = await admins.set_role(
        read_id("adm", admin_id), body.role, reason=body.reason, totp=body.totp, admin=admin
    )
    return JSONBytes.of(AdminRecordRead.of(changed))


@router.post(
    "/{admin_id}/two-factor-reset", status_code=201, response_model=EnrolmentRead, responses=problems(*_CHANGE)
)
async def ask_reset(admin_id: str, body: BecauseIn, admin: Keeper, admins: AdminsDep) -> JSONBytes:
    """Ask that another admin gets a new authenticator; nothing changes until somebody else agrees."""
    asked = await admins.ask_reset(read_id("adm", admin_id), reason=body.reason, totp=body.totp, admin=admin)
    return JSONBytes.of(EnrolmentRead.of(asked), status=201)
