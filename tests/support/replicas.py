"""A primary and a replica that follows it, and a program that reads from both."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from kro.core.config import Settings
from kro.core.database.embedded import Role
from kro.core.database.migrate import migrate
from kro.core.database.replica import Replica
from kro.core.telemetry import hooks
from kro.core.telemetry.catalogue import REPLICA_READS, Metric
from kro_api import World, running_world, settings_for
from servers import Server, new_primary, site, stopping

_PATIENCE = 30.0


@dataclass(frozen=True)
class Pair:
    primary: Server
    replica: Server

    def settings(self, *, server: Server | None = None, database: str = "kro") -> Settings:
        """Return settings that read from the replica, or from what is taken for it."""
        settings = settings_for(self.primary.cluster, "kro")
        address = SecretStr(f"postgresql://127.0.0.1:{(server or self.replica).port}/{database}")
        return settings.model_copy(update={"database": settings.database.model_copy(update={"replica_url": address})})

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Have the replica replay nothing for a while."""
        self.replica.ask("SELECT pg_wal_replay_pause()")
        self.replica.wait_for("SELECT pg_get_wal_replay_pause_state() = 'paused'")
        try:
            yield
        finally:
            self.replica.ask("SELECT pg_wal_replay_resume()")

    def caught_up(self) -> None:
        """Wait until the replica has replayed all there is by now."""
        self.replica.wait_for(f"SELECT pg_last_wal_replay_lsn() >= '{self.primary.ask('SELECT pg_current_wal_lsn()')}'")


@contextmanager
def running_pair() -> Iterator[Pair]:
    folder = Path(tempfile.mkdtemp(prefix="kro-pair-"))
    folder.chmod(0o755)
    with site(folder) as place:
        primary, replica = new_primary(place), place.server("two")
        with stopping(replica, primary):
            migrate(primary.dsn(Role.OWNER))
            replica.follow(primary)
            yield Pair(primary, replica)
    shutil.rmtree(folder, ignore_errors=True)


@asynccontextmanager
async def reading_world(pair: Pair) -> AsyncIterator[World]:
    """Run the program on a pair, watching the replica as its own lifespan does."""
    async with running_world(pair.settings()) as world:
        replica = replica_of(world)
        replica.watch()
        try:
            await until_fit(replica)
            yield world
        finally:
            await replica.close()


def replica_of(world: World) -> Replica:
    replica = world.application.base.replica
    assert replica is not None
    return replica


async def until_fit(replica: Replica, *, fit: bool = True) -> float:
    """Wait until reads are led to the replica, or no longer are; return how long that took."""
    began = time.monotonic()
    while replica.is_fit is not fit:
        assert time.monotonic() < began + _PATIENCE
        await asyncio.sleep(0.02)
    return time.monotonic() - began


class Outcomes(Counter[str]):
    """Counts where reads went, in the place of an exporter."""

    def add(self, metric: Metric, amount: float, labels: Mapping[str, str]) -> None:
        if metric is REPLICA_READS:
            self[labels["outcome"]] += int(amount)

    def observe(self, *_: Any) -> None: ...

    def put(self, *_: Any) -> None: ...

    def replace(self, *_: Any, **__: Any) -> None: ...


@contextmanager
def counted_reads() -> Iterator[Outcomes]:
    outcomes, before = Outcomes(), hooks._sinks.meters
    hooks._sinks.meters = outcomes
    try:
        yield outcomes
    finally:
        hooks._sinks.meters = before
