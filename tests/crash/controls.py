"""What a run does wrong on purpose. The product refuses such a database when it starts, so this comes afterwards."""

from __future__ import annotations

from typing import Final

import asyncpg
from tests.crash.processes import House
from tests.crash.settings import Control, Plan

from kro.core.database.embedded import Role

_SIGNS: Final = {
    Control.UNKEYED: "(doubled)",
    Control.FORGETFUL: "is lost",
    Control.ERASED: "is lost",
    Control.DOUBLED: "(doubled)",
    Control.ASYNCHRONOUS: "is lost",
}
_FORGET: Final = (
    "ALTER SYSTEM SET wal_writer_delay = '10s'",
    "ALTER ROLE kro_app SET synchronous_commit = off",
    "SELECT pg_reload_conf()",
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'kro_app'",
)
_ONE: Final = "SELECT id FROM ledger_journals WHERE kind = 'full_release' ORDER BY id LIMIT 1"
_ERASE: Final = (
    "SET session_replication_role = replica",
    f"DELETE FROM ledger_entries WHERE journal_id = ({_ONE})",  # noqa: S608 - built from constants only
    f"DELETE FROM ledger_journals WHERE id = ({_ONE})",  # noqa: S608 - as above
)
# Balanced, and under a source of its own: only somebody who knows what was asked for can tell.
_DOUBLE: Final = (
    "SET session_replication_role = replica",
    f"""WITH one AS ({_ONE}), copy AS (
            INSERT INTO ledger_journals (id, kind, source_type, source_id, occurred_at, actor)
            SELECT gen_random_uuid(), kind, source_type, gen_random_uuid(), occurred_at, actor FROM ledger_journals
            WHERE id = (SELECT id FROM one) RETURNING id)
        INSERT INTO ledger_entries (journal_id, account_id, currency, amount)
        SELECT copy.id, e.account_id, e.currency, e.amount FROM ledger_entries AS e, copy
        WHERE e.journal_id = (SELECT id FROM one)""",  # noqa: S608 - as above
)


def is_seen(control: Control, found: list[str]) -> bool:
    """Tell whether the judge called by its name what was done."""
    return any(_SIGNS[control] in sentence for sentence in found)


async def prepare(plan: Plan, house: House) -> None:
    """Do what has to be wrong before the first death."""
    if plan.control is Control.FORGETFUL:
        await _as_superuser(house, *_FORGET)


async def tamper(plan: Plan, house: House) -> None:
    """Do what has to be wrong before the judge looks."""
    if plan.control is Control.ERASED:
        await _as_superuser(house, *_ERASE)
    if plan.control is Control.DOUBLED:
        await _as_superuser(house, *_DOUBLE)


async def _as_superuser(house: House, *statements: str) -> None:
    connection = await asyncpg.connect(house.dsn(Role.ADMIN))
    try:
        for statement in statements:
            await connection.execute(statement)
    finally:
        await connection.close()
