"""What waits for an admin, what each role may do, and what the program is configured with."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, cast

from fastapi import Request
from pydantic import Field

from kro.core.actor import Actor
from kro.core.auth.permissions import ROLES, Permission
from kro.core.config import Settings, shown_settings
from kro.core.guards import admin_with
from kro.core.http import JSONBytes, Output, Router
from kro.core.reading import from_replica
from kro.management.controller.dependencies import AuditTrailDep, QueuesDep
from kro.management.domain import Queue
from kro.management.domain.queues import READERS

router = Router(prefix="/admin", tags=["admin"])

QueueReader = Annotated[Actor, admin_with(*sorted(set(READERS.values())))]
RoleReader = Annotated[Actor, admin_with(Permission.ROLES_READ)]
SettingsReader = Annotated[Actor, admin_with(Permission.SETTINGS_READ)]


class QueueRead(Output):
    name: Queue
    waiting: int = Field(description="Counted up to 1,000.")
    oldest_at: datetime | None
    due_at: datetime | None = Field(description="When the next of them is due, where there are deadlines.")


class QueuesRead(Output):
    """The queues the admin may read, and no others."""

    data: list[QueueRead]


class RoleRead(Output):
    code: str = Field(examples=["compliance"])
    title: str
    permissions: list[str]


class RolesRead(Output):
    """The roles of admins. They are part of the program: a deployment changes them, no request does."""

    data: list[RoleRead]


class SettingRead(Output):
    name: str = Field(examples=["orders.acceptHours"])
    value: str = Field(description="As JSON; secrets are masked.", examples=["72"])


class SettingsRead(Output):
    """What this process is configured with."""

    data: list[SettingRead]


@router.get("/queues", response_model=QueuesRead)
@from_replica
async def list_queues(admin: QueueReader, queues: QueuesDep) -> JSONBytes:
    """Tell how much waits for people, since when, and by when the next is due."""
    permissions = await queues.permissions(admin.id)
    found = await queues.lengths([queue for queue, needed in READERS.items() if needed in permissions])
    data = [QueueRead(name=one.queue, waiting=one.waiting, oldest_at=one.oldest, due_at=one.due) for one in found]
    return JSONBytes.of(QueuesRead(data=data))


@router.get("/roles", response_model=RolesRead)
async def list_roles(admin: RoleReader) -> JSONBytes:  # noqa: ARG001 - the guard
    """List the roles of admins with what each may do."""
    data = [
        RoleRead(code=role.code, title=role.title, permissions=sorted(role.permissions))
        for role in ROLES
        if role.audience == "admin"
    ]
    return JSONBytes.of(RolesRead(data=data))


@router.get("/settings", response_model=SettingsRead)
async def list_settings(request: Request, admin: SettingsReader, trail: AuditTrailDep) -> JSONBytes:
    """List what this process is configured with, secrets masked. The look is on record."""
    await trail.note("settings.read", actor=admin, target=("settings", None))
    settings = cast("Settings", request.app.state.settings)
    return JSONBytes.of(
        SettingsRead(data=[SettingRead(name=name, value=value) for name, value in shown_settings(settings)])
    )
