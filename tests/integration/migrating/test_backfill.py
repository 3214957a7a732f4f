"""A table is filled while it is used, in small batches that survive a kill; history is out of reach."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import asyncpg
import pytest

from kro.core.database.backfill import MOST_ROWS, NEVER, Backfill, BackfillError, Progress, fill
from kro.core.database.pool import Database

ROWS = 25
KNOWN = {"heard": Backfill("example", change="heard = upper(t.said)", missing="t.heard IS NULL")}


class KilledError(Exception):
    pass


@pytest.fixture(autouse=True)
async def example(owner_dsn: str) -> Any:
    owner = await asyncpg.connect(owner_dsn)
    await owner.execute("CREATE TABLE example (id uuid PRIMARY KEY, said text NOT NULL, heard text)")
    await owner.execute("GRANT SELECT, INSERT, UPDATE ON example TO kro_app")
    await owner.executemany("INSERT INTO example VALUES ($1, $2)", [(uuid4(), f"word {n}") for n in range(ROWS)])
    yield owner
    await owner.close()


async def lacking(database: Database) -> int:
    found: int = await database.value("SELECT count(*) FROM example WHERE heard IS DISTINCT FROM upper(said)")
    return found


async def test_everything_is_filled_in_batches(database: Database) -> None:
    seen: list[Progress] = []

    progress = await fill(database, "heard", known=KNOWN, batch=10, pause_seconds=0, told=seen.append)

    assert await lacking(database) == 0
    assert [one.changed for one in seen] == [10, 20, 25]
    assert progress == seen[-1]
    assert [one.done for one in seen] == [False, False, True]


async def test_after_a_kill_it_goes_on_behind_the_last_batch(database: Database) -> None:
    def die(_: Progress) -> None:
        raise KilledError

    with pytest.raises(KilledError):
        await fill(database, "heard", known=KNOWN, batch=10, told=die)
    # What is behind it was passed: to be found again it would have to be gone through from the beginning.
    await database.execute("UPDATE example SET heard = NULL WHERE heard IS NOT NULL")
    seen: list[Progress] = []

    await fill(database, "heard", known=KNOWN, batch=10, pause_seconds=0, told=seen.append)

    assert [one.changed for one in seen] == [20, 25]
    assert await lacking(database) == 10


async def test_a_batch_is_whole_or_not_at_all(database: Database, example: Any) -> None:
    """The place is written in the transaction that changes the rows, so no row is passed by without its change."""
    await example.execute("ALTER TABLE backfills ADD CONSTRAINT full_disk CHECK (changed < 20)")

    with pytest.raises(asyncpg.CheckViolationError):
        await fill(database, "heard", known=KNOWN, batch=10, pause_seconds=0)

    assert await lacking(database) == ROWS - 10
    await example.execute("ALTER TABLE backfills DROP CONSTRAINT full_disk")
    await fill(database, "heard", known=KNOWN, batch=10, pause_seconds=0)
    assert await lacking(database) == 0


async def test_done_is_done_and_what_is_there_already_stays(database: Database) -> None:
    await database.execute("UPDATE example SET heard = 'by the new program' WHERE said IN ('word 3', 'word 7')")

    first = await fill(database, "heard", known=KNOWN, pause_seconds=0)
    again = await fill(database, "heard", known=KNOWN, pause_seconds=0)

    assert first == again
    assert first.changed == ROWS - 2
    assert await database.value("SELECT count(*) FROM example WHERE heard = 'by the new program'") == 2


@pytest.mark.parametrize("table", sorted(NEVER))
def test_history_is_refused(table: str) -> None:
    with pytest.raises(BackfillError, match="never changed"):
        Backfill(table, change="amount = 0", missing="true")


async def test_so_is_what_the_application_may_not_change(database: Database) -> None:
    known = {"sly": Backfill("rulings", change="id = t.id", missing="true")}

    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await fill(database, "sly", known=known)


async def test_an_unknown_name_and_a_large_batch_are_refused(database: Database) -> None:
    with pytest.raises(BackfillError, match="no backfill 'nothing' in this release; there are: heard"):
        await fill(database, "nothing", known=KNOWN)
    with pytest.raises(BackfillError, match="1 to 1000 rows"):
        await fill(database, "heard", known=KNOWN, batch=MOST_ROWS + 1)
