"""A worker of texts that is there to be killed: ``python victim.py DSN SANDBOX_URL``."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2] / "support"))

from kro.core.database.pool import Database, PoolOptions
from kro.core.outbox import OutboxRelay, RelayOptions
from texting import Texting, sending, texting

LEASE_SECONDS = 1.0


def relay(database: Database, sut: Texting) -> OutboxRelay:
    """Return the worker's part in texts, with leases that are over soon."""
    options = RelayOptions(poll_seconds=0.02, parallel=4, lease_seconds=LEASE_SECONDS, delays=(0,), max_attempts=10_000)
    return OutboxRelay(database, {"demo.text": sending(sut.manager)}, options=options)


async def run(dsn: str, url: str) -> None:
    database = await Database.connect(PoolOptions(dsn=dsn, size=4))
    async with texting(database, url, "termii", "telnyx") as sut:
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        await relay(database, sut).run()


if __name__ == "__main__":
    asyncio.run(run(*sys.argv[1:]))
