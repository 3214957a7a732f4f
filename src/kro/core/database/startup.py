"""What a database must be before any money is entrusted to it, asked once when a process starts.

With ``synchronous_commit`` off a crash loses acknowledged commits, with ``fsync`` or ``full_page_writes`` off it can
damage what was committed long ago, and none of them shows in any test without a power failure. A role that owns tables
can disable the triggers that keep the ledger append-only.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from kro.core.database.limits import session_faults
from kro.core.database.pool import Database
from kro.core.errors import ErrorKind, KroError

SCHEMA_REVISION: Final = "0057"
"""The migration this code was written for; every new migration moves it. A newer schema is accepted if it says so."""

MOST_SKEW_SECONDS: Final = 5.0
"""Deadlines are kept by our clock, leases and due times by the database's."""

_UTC: Final = frozenset({"UTC", "Etc/UTC"})

_FACTS: Final = """
SELECT current_setting('fsync') AS fsync, current_setting('full_page_writes') AS full_page_writes,
       current_setting('synchronous_commit') AS synchronous_commit, current_setting('TimeZone') AS time_zone,
       extract(epoch FROM clock_timestamp())::float8 AS epoch,
       current_user::text AS role,
       coalesce(has_table_privilege(to_regclass('public.alembic_version'), 'SELECT'), false) AS has_revision,
       (SELECT count(*) FROM pg_class AS c
        WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p')
          AND pg_has_role(c.relowner, 'MEMBER')) AS owned,
       ARRAY(SELECT t.name FROM (
                 SELECT unnest(ARRAY['kro_balance', 'ledger_entries', 'ledger_journals']) UNION ALL
                 SELECT inhrelid::regclass::text FROM pg_inherits
                 WHERE inhparent = to_regclass('public.ledger_entries')) AS t (name)
             WHERE to_regclass('public.' || t.name) IS NOT NULL
               AND (has_table_privilege('public.' || t.name, 'DELETE, TRUNCATE')
                    OR has_any_column_privilege('public.' || t.name, 'INSERT, UPDATE'))
             ORDER BY t.name) AS writable,
       current_setting('session_replication_role') AS replication_role,
       ARRAY(SELECT c.relname::text FROM pg_trigger AS g JOIN pg_class AS c ON c.oid = g.tgrelid
             WHERE c.relnamespace = 'public'::regnamespace AND g.tgenabled NOT IN ('O', 'A')
             -- A statement that names a partition fires no trigger of its parent.
             UNION SELECT c.relname::text FROM pg_trigger AS g
             JOIN pg_inherits AS i ON i.inhparent = g.tgrelid JOIN pg_class AS c ON c.oid = i.inhrelid
             WHERE c.relnamespace = 'public'::regnamespace AND NOT g.tgisinternal AND g.tgtype & 1 = 0
               AND NOT EXISTS (SELECT FROM pg_trigger AS own WHERE own.tgrelid = c.oid AND own.tgname = g.tgname)
             ORDER BY 1) AS unguarded"""
# A schema from before it was said has no such column.
_REVISION: Final = """
SELECT to_jsonb(v) ->> 'version_num' AS revision, to_jsonb(v) ->> 'oldest_program' AS oldest_program
FROM alembic_version AS v"""


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
    oldest_program: str | None = None
    """The revision of the oldest program that runs on its schema, if it says so."""
    ahead_seconds: float = 0.0
    """By how much its clock is ahead of ours."""
    session_faults: Sequence[str] = ()


async def require_sound(database: Database, *, revision: str = SCHEMA_REVISION) -> None:
    """Make sure that a database keeps what it acknowledges, has our schema, and gives us no power over the ledger.

    :raises DatabaseRefusedError: with every fault in one sentence.
    """
    if faults := find_faults(await read_facts(database), revision=revision):
        raise DatabaseRefusedError(faults)


async def read_facts(database: Database) -> Facts:
    """Ask a database what it is."""
    before = time.time()
    row = await database.row(_FACTS)
    after = time.time()
    assert row is not None  # noqa: S101 - a select without a table always returns one row
    facts = dict(row)
    found = await database.row(_REVISION) if facts.pop("has_revision") else None
    schema = dict(found) if found is not None else {"revision": None}
    ahead = clock_ahead(facts.pop("epoch"), before=before, after=after)
    return Facts(**facts, **schema, ahead_seconds=ahead, session_faults=await session_faults(database))


def clock_ahead(now: float, *, before: float, after: float) -> float:
    """Return by how much a clock is ahead of ours at least, however long the question and the answer were under way."""
    return now - min(max(now, before), after)


def find_faults(facts: Facts, *, revision: str) -> list[str]:
    """Return what is wrong, each as a part of one sentence; nothing when all is well."""
    return [fault for faults in faults_by_check(facts, revision=revision).values() for fault in faults]


def faults_by_check(facts: Facts, *, revision: str) -> dict[str, list[str]]:
    """Return what is wrong under the name of each check, the passed ones included."""
    return {
        "durability": [
            f"{name} is off"
            for name in ("fsync", "full_page_writes", "synchronous_commit")
            if getattr(facts, name) == "off"
        ],
        "time": list(_faults_of_time(facts)),
        "schema": list(_faults_of_schema(facts, revision)),
        "role": list(_faults_of_role(facts)),
        "triggers": list(_faults_of_triggers(facts)),
        "session": list(facts.session_faults),
    }


def _faults_of_time(facts: Facts) -> Iterator[str]:
    if facts.time_zone not in _UTC:
        yield f"its time zone is {facts.time_zone}, not UTC"
    if abs(facts.ahead_seconds) > MOST_SKEW_SECONDS:
        which = "ahead of" if facts.ahead_seconds > 0 else "behind"
        yield f"its clock is {abs(facts.ahead_seconds):.0f} seconds {which} this machine's"


def _faults_of_schema(facts: Facts, revision: str) -> Iterator[str]:
    """Find whether a program of ``revision`` can run: on its own schema, and on newer ones that say so."""
    if facts.revision is None:
        yield f"it has no schema, this program needs {revision} (run `kro migrate`)"
    elif facts.revision < revision:
        yield f"its schema is at revision {facts.revision}, this program needs {revision} (run `kro migrate`)"
    elif facts.revision > revision and (oldest := facts.oldest_program or facts.revision) > revision:
        yield (
            f"its schema is at revision {facts.revision}, on which no program older than {oldest} runs;"
            f" this one is of {revision} (start a newer release)"
        )


def _faults_of_role(facts: Facts) -> Iterator[str]:
    if facts.owned:
        yield f"the role {facts.role} owns {facts.owned} tables, so it could switch their protection off"
    elif facts.writable:
        yield f"the role {facts.role} may write to {', '.join(facts.writable)} past the posting function"


def _faults_of_triggers(facts: Facts) -> Iterator[str]:
    if facts.replication_role != "origin":
        yield f"session_replication_role is {facts.replication_role}, which silences every trigger"
    if facts.unguarded:
        yield f"triggers are switched off on {', '.join(facts.unguarded)}"
