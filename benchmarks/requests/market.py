"""A market to be measured: seeded, with people who have money and payments that providers tell of."""

from __future__ import annotations

from itertools import cycle
from typing import Final

from benchmarks.events import settled_payments
from benchmarks.requests.people import gather_crowd
from benchmarks.requests.scenarios import Market
from kro.bootstrap.identity import token_world
from kro.core.actor import ActorKind
from kro.core.auth.tokens import TokenIssuer
from kro.core.clock import SystemClock
from kro.core.config import Settings
from kro.core.database.pool import Database, PoolOptions
from kro.core.ids import SystemIdSource
from kro.seed import seed

_PAYMENTS: Final = 100


async def open_market(owner_dsn: str, settings: Settings, *, pairs: int) -> Market:
    """Fill a migrated database with that many pairs of people, all logged in."""
    await seed(settings)
    world = token_world(ActorKind.USER, settings.jwt.user)
    database = await Database.connect(PoolOptions(dsn=owner_dsn, size=2))
    try:
        issuer = TokenIssuer(world, clock=SystemClock(), ids=SystemIdSource())
        crowd = await gather_crowd(database, issuer, pairs=pairs)
        references = cycle(await settled_payments(database, count=_PAYMENTS))
    finally:
        await database.close()
    crowd.log_in()
    return Market(crowd, settings.paystack.secret_key.get_secret_value().encode(), references)
