"""What belongs to others looks like what nobody has, and asking for it changes nothing."""

from __future__ import annotations

import re
from typing import Any, Final

import pytest
from tests.access.calls import Calls, Operation

from undone import undone

pytestmark = pytest.mark.asyncio(loop_scope="package")

_SHOWN: Final = re.compile(r"[a-z]{3}_[0-9a-z]{26}")
_COUNTED: Final = """
SELECT relname, n_tup_ins + n_tup_upd + n_tup_del AS changes FROM pg_stat_xact_user_tables
WHERE relname NOT IN ('rate_limits', 'idempotency_keys')"""


def about_somebodys(calls: Calls, operation: Operation) -> bool:
    return calls.guard(operation) == "user" and "{" in operation[1]


def nobodys(ids: dict[str, str]) -> dict[str, str]:
    return {name: f"{text[:4]}{'0' * 26}" if _SHOWN.fullmatch(text) else text for name, text in ids.items()}


async def answered(calls: Calls, operation: Operation, **ids: Any) -> tuple[int, dict[str, Any], set[str]]:
    """Return what a stranger is told, and which tables it changed."""
    world = calls.scene.world
    async with undone(world.database):
        before = {row["relname"]: row["changes"] for row in await world.database.rows(_COUNTED)}
        reply = await calls.call(operation, world.stranger.token, **ids)
        after = {row["relname"]: row["changes"] for row in await world.database.rows(_COUNTED)}
    told = {name: value for name, value in reply.json().items() if name not in {"instance", "request_id"}}
    return reply.status_code, told, {name for name, changes in after.items() if changes != before.get(name, 0)}


async def test_a_stranger_learns_nothing_of_them_and_changes_nothing(calls: Calls) -> None:
    asked = [operation for operation in calls.operations if about_somebodys(calls, operation)]
    assert len(asked) > 60
    for operation in asked:
        status, told, changed = await answered(calls, operation)
        assert (status, changed) == (404, set()), operation
        assert told == (await answered(calls, operation, ids=nobodys(calls.ids(operation))))[1], operation
