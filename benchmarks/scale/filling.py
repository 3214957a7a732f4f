"""Makes the two databases, once; they can be kept and measured later."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Final, Self
from uuid import UUID

import asyncpg
import orjson

from benchmarks.fill import forget, multiply
from benchmarks.processes import Program
from benchmarks.requests.people import Pair, Person
from benchmarks.scale.months import part_the_past
from benchmarks.scale.worlds import YEARS, Worlds, play
from kro.core.database.embedded import Cluster, EmbeddedPostgres, Role
from kro.core.database.embedded.cluster import DATABASE
from kro.core.database.migrate import migrate

SMALL: Final = "kro_small"
FILLING: Final = {
    # Whoever is killed while filling begins anew: nothing of it has to be durable before it is complete.
    "fsync": "off",
    "full_page_writes": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_wal_size": "4GB",
    "shared_buffers": "3GB",
    "work_mem": "256MB",
    "autovacuum": "off",
    "jit": "off",
}
Tell = Callable[[str], None]
"""Takes a sentence on how far it is."""
_FILE: Final = "filled.json"
_COUNTS: Final = "SELECT (SELECT count(*) FROM ledger_entries), pg_database_size(current_database())"


@dataclass(frozen=True, slots=True)
class Filled:
    """What two filled databases have in common, how many orders each has, and how much the large one is."""

    small: int
    large: int
    entries: int
    size: int
    """In bytes, as the server counts them."""
    seconds: float
    regulars: list[Pair]
    hot: Person

    @classmethod
    def load(cls, folder: Path) -> Self | None:
        """Return what lies in a folder, or nothing when it was not filled to the end."""
        try:
            found = orjson.loads((folder / _FILE).read_bytes())
        except FileNotFoundError:
            return None
        regulars = [Pair(_person(one["buyer"]), _person(one["seller"])) for one in found["regulars"]]
        return cls(**found | {"regulars": regulars, "hot": _person(found["hot"])})

    def save(self, folder: Path) -> None:
        (folder / _FILE).write_bytes(orjson.dumps(self))


def _person(found: dict[str, str]) -> Person:
    return Person(UUID(found["id"]), UUID(found["session_id"]), found["phone"])


async def start(cluster: Cluster, folder: Path) -> Worlds:
    """Let people trade in a migrated database with the months of two years."""
    owner = await asyncpg.connect(cluster.dsn(Role.OWNER))
    await part_the_past(owner, since=datetime.now(UTC) - YEARS)
    await owner.close()
    admin = await asyncpg.connect(cluster.dsn(Role.ADMIN))
    try:
        return await play(Program(cluster, 0, folder), admin)
    finally:
        await admin.close()


async def enlarge(cluster: Cluster, worlds: Worlds, *, small: int, large: int, told: Tell) -> tuple[int, int, int, int]:
    """Make two databases of the one; return how many orders each has, and entries and bytes of the large one."""
    maintenance = await asyncpg.connect(cluster.dsn(Role.ADMIN, "postgres"))
    await maintenance.execute(f'CREATE DATABASE "{SMALL}" OWNER kro_owner TEMPLATE "{DATABASE}"')
    totals = []
    for name, orders in ((SMALL, small), (DATABASE, large)):
        dsn = cluster.dsn(Role.ADMIN, name)
        totals.append(await multiply(dsn, worlds.copyings(orders), told=partial(_told_of, told, name)))
        admin = await asyncpg.connect(dsn)
        await forget(admin, ["people", *(world.name for world in worlds.taken)])
        [(entries, size)] = await admin.fetch(_COUNTS)
        await admin.close()
    await maintenance.execute("CHECKPOINT")
    await maintenance.close()
    return totals[0], totals[1], entries, size


def make(folder: Path, *, small: int, large: int, told: Tell) -> Filled:
    """Fill a server in a folder, unless that was done to the end before.

    :raises FileExistsError: something else is there, as after a filling that was killed.
    """
    found = Filled.load(folder)
    if found is not None:
        return found
    if folder.exists() and any(folder.iterdir()):
        raise FileExistsError(f"{folder} was not filled to its end: remove it")
    begun = time.monotonic()
    told("playing the originals")
    with EmbeddedPostgres(folder) as cluster:
        migrate(cluster.dsn(Role.OWNER))
        worlds = asyncio.run(start(cluster, folder))
    # The product itself refuses to work on a server like this one.
    with EmbeddedPostgres(folder, settings=FILLING) as cluster:
        sizes = asyncio.run(enlarge(cluster, worlds, small=small, large=large, told=told))
    # Nothing was waited for; from here on the server is one that does.
    os.sync()
    filled = Filled(*sizes, time.monotonic() - begun, worlds.regulars, worlds.hot)
    filled.save(folder)
    return filled


def _told_of(told: Tell, name: str, text: str) -> None:
    told(f"{name}: {text}")
