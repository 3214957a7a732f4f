"""A worker of texts that is there to be killed."""

from __future__ import annotations

import asyncio
import sys
from multiprocessing.synchronize import Event
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2] / "support"))

from kro.core.database.pool import Database, PoolOptions
from kro.core.outbox import OutboxRelay, RelayOptions
from texting import Texting, sending, texting

LEASE_SECONDS = 1.0


def relay(database: Database, sut: Texting, *, lease_seconds: float = LEASE_SECONDS) -> OutboxRelay:
    """Return the worker's part in texts, with leases that are over soon."""
    options = RelayOptions(poll_seconds=0.02, parallel=4, lease_seconds=lease_seconds, delays=(0,), max_attempts=10_000)
    return OutboxRelay(database, {"demo.text": sending(sut.manager)}, options=options)


def work(dsn: str, url: str, ready: Event) -> None:
    """Send texts until the end."""
    asyncio.run(_work(dsn, url, ready))


async def _work(dsn: str, url: str, ready: Event) -> None:
    database = await Database.connect(PoolOptions(dsn=dsn, size=4))
    async with texting(database, url, "termii", "telnyx") as sut:
        ready.set()
        await relay(database, sut).run()
