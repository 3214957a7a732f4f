"""What an operator starts by hand is not done twice at the same time."""

from __future__ import annotations

import asyncio
import io
from typing import Any

import pytest
from rich.console import Console

from kro.core.auth.permissions import seed_roles
from kro.core.config import Settings
from kro.core.database.alone import AnotherRunsError, alone
from kro.core.database.backfill import BackfillError
from kro.core.database.pool import Database
from kro.run.backfill import backfill
from kro.run.importing import Wish, import_predecessor
from kro_api import settings_for
from old_server import FITTING, fill


@pytest.fixture
def settings(fresh_database: Any) -> Settings:
    return settings_for(fresh_database.cluster, fresh_database.name)


async def imports(settings: Settings, place: str, **wish: Any) -> bool:
    """Run `kro import`."""
    console = Console(file=io.StringIO(), width=120)
    return await asyncio.to_thread(import_predecessor, settings, console, Wish(place, **wish))


async def fills(settings: Settings, name: str) -> None:
    """Run `kro backfill`."""
    await asyncio.to_thread(backfill, settings, Console(file=io.StringIO()), name, batch=10, pause_seconds=0)


async def test_a_second_import_is_refused_while_one_runs(settings: Settings, database: Database, old_dsn: str) -> None:
    await fill(old_dsn, FITTING)
    await seed_roles(database)
    async with alone(database.options, "kro import"):
        with pytest.raises(AnotherRunsError, match=r"`kro import` runs on this database since 20\d\d-.* UTC"):
            await imports(settings, old_dsn)
        written = await database.value("SELECT count(*) FROM import_records")
        may_judge = await imports(settings, old_dsn, dry=True)

    assert (written, may_judge) == (0, True)
    assert await imports(settings, old_dsn)


async def test_a_second_backfill_is_refused_while_one_of_that_name_runs(settings: Settings, database: Database) -> None:
    async with alone(database.options, "kro backfill words"):
        with pytest.raises(AnotherRunsError):
            await fills(settings, "words")
        with pytest.raises(BackfillError, match="no backfill 'others'"):
            await fills(settings, "others")
    with pytest.raises(BackfillError, match="no backfill 'words'"):
        await fills(settings, "words")
