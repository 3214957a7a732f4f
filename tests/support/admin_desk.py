"""Admins at their desks: made, logged in, and with codes for what they approve."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import httpx2
import pyotp

from kro.core.auth.permissions import Role
from kro_api import PASSWORD, Person, World


@dataclass
class Admin(Person):
    """``code`` works for one approval; each step of half a minute gives another."""

    totp: pyotp.TOTP = field(repr=False)
    now: Any = field(repr=False)

    def code(self, *, step: int = 0) -> str:
        return self.totp.at(self.now(), counter_offset=step)


async def at_desk(
    world: World, role: Role = Role.SUPER, *, email: str = "desk@kro.example", http: httpx2.AsyncClient | None = None
) -> Admin:
    """Make an admin of a role and log in, with the code of the step before this one."""
    http = http or world.http
    totp = pyotp.TOTP(pyotp.random_base32())
    await world.application.seeding.admin(
        email=email, name=f"Test {role.title()}", password=PASSWORD, role=role, totp_secret=totp.secret
    )
    now = world.application.clock.now
    for _ in range(2):  # The code is old at the turn of a half minute.
        body = {"email": email, "password": PASSWORD, "totp": totp.at(now(), counter_offset=-1)}
        reply = await http.post("/v1/admin/auth/login", json=body)
        if reply.is_success:
            break
    assert reply.status_code == 200, reply.text
    return Admin(http, reply.json()["access_token"], totp, now)
