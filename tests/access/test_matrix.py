"""Every operation of the API and everybody who may knock, held against the table beside this file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

import httpx2
import pytest
from tests.access.calls import Calls, Operation
from tests.access.scene import ADMIN_ROLES
from tests.access.table import GONE, PRINCIPALS, USERS, is_recording, key_of, line, record, recorded

from admin_desk import Admin
from kro.core.auth.permissions import Role
from kro.core.auth.tokens import TokenIssuer, TokenVerifier
from kro.core.clock import FrozenClock
from undone import undone

pytestmark = pytest.mark.asyncio(loop_scope="package")

GROUPS: Final = 8
_END: Final = {
    "revoked": "UPDATE sessions SET revoked_at = now() WHERE id = $1",
    "suspended": "WITH gone AS (UPDATE admins SET status = 'suspended' WHERE id = $1) "
    "UPDATE users SET status = 'suspended' WHERE id = $1",
}


@dataclass(frozen=True, repr=False)
class Knock:
    """How somebody comes: with which token, and what happened to them just before."""

    token: str | None
    before: str | None = None
    about: UUID | None = None
    admin: Admin | None = None


def knocks(calls: Calls, guard: str) -> Mapping[str, Knock]:
    """Return everybody who may try an operation of a guard; whoever is gone came from the side it is for."""
    scene = calls.scene
    tokens = {name: getattr(scene.world, name).token for name in USERS} | {
        role: admin.token for role, admin in scene.admins.items()
    }
    verifier, of_the_side = _side(calls, guard)
    claims = verifier.verify(tokens[of_the_side])
    late = FrozenClock(scene.world.application.clock.now() - timedelta(days=1))
    issuer = TokenIssuer(verifier._world, clock=late, ids=scene.world.application.base.ids)
    ids = {"revoked": claims.session_id, "suspended": claims.subject}
    everybody = {
        "anonymous": Knock(None),
        "expired": Knock(issuer.issue(subject=claims.subject, session_id=claims.session_id)),
        **{how: Knock(tokens[of_the_side], _END[how], ids[how]) for how in GONE},
        **{name: Knock(token, admin=scene.admins.get(name)) for name, token in tokens.items()},  # type: ignore[call-overload] # a role is its own name
    }
    return {name: everybody[name] for name in PRINCIPALS}


def _side(calls: Calls, guard: str) -> tuple[TokenVerifier, str]:
    identity = calls.scene.world.application.identity
    return (identity.admin_tokens, Role.SUPER) if guard == "admin" else (identity.user_tokens, "buyer")


async def answer(calls: Calls, operation: Operation, knock: Knock) -> str:
    """Knock once, and leave everything as it was."""
    database = calls.scene.world.database
    async with undone(database):
        if knock.before is not None:
            await database.execute(knock.before, knock.about)
        reply = await calls.call(operation, knock.token, by=knock.admin)
    return told(reply)


def told(reply: httpx2.Response) -> str:
    code: Any = f" {reply.json()['code']}" if reply.status_code >= 400 else ""
    return f"{reply.status_code}{code}"


@pytest.mark.parametrize("group", range(GROUPS))
async def test_everybody_gets_what_the_table_says(calls: Calls, group: int) -> None:
    rows = []
    for operation in calls.operations[group::GROUPS]:
        guard = calls.guard(operation)
        results = {name: await answer(calls, operation, knock) for name, knock in knocks(calls, guard).items()}
        rows.append(line(operation, guard, results))
    if is_recording():
        record(rows, known={" ".join(operation) for operation in calls.operations})

    table = recorded()
    assert "\n".join(rows) == "\n".join(table.get(key_of(row), NOT_RECORDED.format(key_of(row))) for row in rows)


NOT_RECORDED: Final = "{} is not in matrix.txt yet: run this test with KRO_RECORD=1 and read the new line"


async def test_the_table_has_no_other_rows(calls: Calls) -> None:
    assert recorded().keys() == {" ".join(operation) for operation in calls.operations}


async def test_the_scene_has_an_object_for_every_path(calls: Calls) -> None:
    missing = {" ".join(operation): calls.unknown(operation) for operation in calls.operations}
    assert {operation: names for operation, names in missing.items() if names} == {}


async def test_everybody_is_asked() -> None:
    assert set(PRINCIPALS) == {"anonymous", "expired", *GONE, *USERS, *ADMIN_ROLES}
