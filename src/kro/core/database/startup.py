"""What a database must be before any money is entrusted to it, asked once when a process starts.

With ``synchronous_commit`` off a crash loses acknowledged commits, with ``fsync`` or ``full_page_writes`` off it can
damage what was committed long ago, and none of them shows in any test without a power failure. A role that owns tables
can disable the triggers that keep the ledger append-only.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from kro.core.database.pool import Database
from kro.core.errors import ErrorKind, KroError

SCHEMA_REVISION: Final = "0039"
"""The migration this code was written for; every new migration moves it."""

_UTC: Final = frozenset({"UTC", "Etc/UTC"})

_FACTS: Final = """
SELECT current_setting('fsync') AS fsync, current_setting('full_page_writes') AS full_page_writes,
       current_setting('synchronous_commit') AS synchronous_commit, current_setting('TimeZone') AS time_zone,
       current_user::text AS role,
       coalesce(has_table_privilege(to_regclass('public.alembic_version'), 'SELECT'), false) AS has_revision,
       (SELECT count(*) FROM pg_class AS c
        WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p')
          AND pg_has_role(c.relowner, 'MEMBER')) AS owned,
       ARRAY(SELECT t.name FROM unnest(ARRAY['kro_balance', 'ledger_entries', 'ledger_journals']) AS t (name)
             WHERE to_regclass('public.' || t.name) IS NOT NULL
               AND (has_table_privilege('public.' || t.name, 'DELETE, TRUNCATE')
                    OR has_any_column_privilege('public.' || t.name, 'INSERT, UPDATE'))
             ORDER BY t.name) AS writable,
       current_setting('session_replication_role') AS replication_role,
       ARRAY(SELECT DISTINCT c.relname::text FROM pg_trigger AS g JOIN pg_class AS c ON c.oid = g.tgrelid
             WHERE c.relnamespace = 'public'::regnamespace AND g.tgenabled NOT IN ('O', 'A')
             ORDER BY c.relname::text) AS unguarded"""
_REVISION: Final = "SELECT version_num FROM alembic_version"


class DatabaseRefusedError(KroError):
    """The database cannot be entrusted with money."""

    kind = ErrorKind.OVERLOADED
    code = "database_refused"

    def __init__(self, faults: Sequence[str]) -> None:
        super().__init__(f"The database cannot be entrusted with money: {'; '.join(faults)}.")
        self.faults = tuple(faults)


@dataclass(frozen=True, slots=True)
class Facts:
    """What a database says of itself to the role that asks."""

    fsync: str
    full_page_writes: str
    synchronous_commit: str
    time_zone: str
    role: str
    owned: int
    writable: Sequence[str]
    replication_role: str
    unguarded: Sequence[str]
    revision: str | None


async def require_sound(database: Database, *, revision: str = SCHEMA_REVISION) -> None:
    """Make sure that a database keeps what it acknowledges, has our schema, and gives us no power over the ledger.

    :raises DatabaseRefusedError: with every fault in one sentence.
    """
    row = await database.row(_FACTS)
    assert row is not None  # noqa: S101 - a select without a table always returns one row
    facts = dict(row)
    found = await database.value(_REVISION) if facts.pop("has_revision") else None
    if faults := find_faults(Facts(**facts, revision=found), revision=revision):
        raise DatabaseRefusedError(faults)


def find_faults(facts: Facts, *, revision: str) -> list[str]:
    """Return what is wrong, each as a part of one sentence; nothing when all is well."""
    settings = ("fsync", "full_page_writes", "synchronous_commit")
    faults = [f"{name} is off" for name in settings if getattr(facts, name) == "off"]
    if facts.time_zone not in _UTC:
        faults.append(f"its time zone is {facts.time_zone}, not UTC")
    if facts.revision != revision:
        has = f"its schema is at revision {facts.revision}" if facts.revision else "it has no schema"
        faults.append(f"{has}, this program needs {revision} (run `kro migrate`)")
    if facts.owned:
        faults.append(f"the role {facts.role} owns {facts.owned} tables, so it could switch their protection off")
    elif facts.writable:
        faults.append(f"the role {facts.role} may write to {', '.join(facts.writable)} past the posting function")
    if facts.replication_role != "origin":
        faults.append(f"session_replication_role is {facts.replication_role}, which silences every trigger")
    if facts.unguarded:
        faults.append(f"triggers are switched off on {', '.join(facts.unguarded)}")
    return faults
