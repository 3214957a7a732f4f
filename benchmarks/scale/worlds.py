"""What a large database is made of: orders in every state that an order comes to, played by the product."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

import asyncpg

from benchmarks.events import settled_payments
from benchmarks.fill import Copying, World, take
from benchmarks.processes import Program
from benchmarks.requests.market import open_market
from benchmarks.requests.people import Crowd, Pair, Person, gather_crowd, give
from benchmarks.requests.recording import Recorder, recording
from benchmarks.requests.scenarios import Market
from kro.bootstrap import Application, build
from kro.core.config import load_settings
from kro.core.database.embedded import Role
from kro.core.database.pool import Database, PoolOptions
from kro.core.ids import read_id
from kro.core.telemetry import configure_logging
from kro.main import create_api
from kro.order.database.words import TimerKind

YEARS: Final = timedelta(days=720)
"""How far the copies of what has ended reach back."""
UNDER_WAY: Final = timedelta(days=14)
OPEN_OF_HUNDRED: Final = 2
"""How many of a hundred orders are under way."""

_LIVES: Final = 9
_PAYMENTS: Final = 5
_COST: Final = 105_375
_REGULAR_LIVES, _REGULAR_COPIES = 3, 10
_ENDED: Final = (
    *(*["closed"] * 8, "refunded", "declined", "expired"),
    *(*["closed"] * 8, "cancelled", "refunded"),
)
_OPEN: Final = ("created", "accepted", "in_progress", "completed", "issue_reported", "disputed")
_STEPS: Final = {"accepted": 1, "refunded": 2, "in_progress": 2} | dict.fromkeys(
    ("completed", "issue_reported", "disputed", "closed"), 5
)
_TOO_LATE: Final = "UPDATE orders SET accept_by = now() - interval '1 second' WHERE id = $1"
_ISSUE: Final = {"category": "damaged", "statement": "The lid is cracked."}
_TITLES: Final = (
    *("Laptop", "Refurbished phone", "Generator, 5 kVA", "Sewing machine", "Wedding gown", "Web shop design"),
    *("Used car tyres", "Freezer", "House painting", "Camera lens", "School books", "Office chairs"),
)


@dataclass(frozen=True, slots=True)
class Cast:
    """How many people play the originals."""

    regulars: int = 32
    """Pairs who trade in all sizes of the database alike: they are measured."""
    pairs: int = 20
    """Pairs of each of the worlds of what has ended and of what is under way, with ten orders each."""


ALL: Final = Cast()


@dataclass(frozen=True, slots=True)
class Worlds:
    """Who is measured, and what is copied."""

    regulars: list[Pair]
    hot: Person
    """Sells one in ten of all orders."""
    trade: World
    ended: World
    open: World

    def copyings(self, orders: int) -> list[Copying]:
        """Return how often to copy each, so that there are so many orders afterwards."""
        rest = orders - self.trade.orders * _REGULAR_COPIES
        under_way = max(1, rest * OPEN_OF_HUNDRED // 100 // self.open.orders)
        ended = max(1, (rest - under_way * self.open.orders) // self.ended.orders)
        return [
            Copying(self.trade, _REGULAR_COPIES, YEARS / _REGULAR_COPIES),
            Copying(self.ended, ended, YEARS / ended),
            Copying(self.open, under_way, UNDER_WAY / under_way),
        ]

    @property
    def taken(self) -> list[World]:
        return [self.trade, self.ended, self.open]


async def play(program: Program, admin: asyncpg.Connection[asyncpg.Record], cast: Cast = ALL) -> Worlds:
    """Let people trade in a migrated, empty database, and put aside what there is to be copied."""
    settings = load_settings(environment="test", environ=program.environment())
    configure_logging(settings.logging)
    owner_dsn = program.cluster.dsn(Role.OWNER, program.database)
    market = await open_market(owner_dsn, settings, pairs=cast.regulars + 1)
    everybody = market.crowd
    *regulars, last = everybody.pairs
    application = build(settings)
    owner = await Database.connect(PoolOptions(dsn=owner_dsn, size=1))
    async with recording(create_api(application), application.database) as recorder:
        stage = Stage(market, recorder, cast, application, owner)
        for pair in everybody.pairs:
            await stage.live(pair, "closed")
        await take(admin, "people")
        for pair, _ in itertools.product(regulars, range(_REGULAR_LIVES)):
            await give(owner, pair.buyer.id, _COST)
            await stage.live(pair, "closed")
        trade = await take(admin, "trade")
        await stage.trade(last.seller, _ENDED, first=1_000)
        await settled_payments(owner, count=cast.pairs * _PAYMENTS)
        ended = await take(admin, "ended")
        await stage.trade(last.seller, _OPEN, first=2_000)
        under_way = await take(admin, "open")
    await owner.close()
    await admin.execute("UPDATE outbox SET state = 'delivered', delivered_at = now(), attempts = 1")
    return Worlds(regulars, last.seller, trade, ended, under_way)


@dataclass(slots=True)
class Stage:
    """Plays orders up to some point of their lives."""

    market: Market
    recorder: Recorder
    cast: Cast
    application: Application
    owner: Database

    async def trade(self, hot: Person, endings: tuple[str, ...], *, first: int) -> None:
        """Let new people trade with one another, and each buyer once with the hot seller."""
        crowd = await gather_crowd(self.owner, self.market.crowd.issuer, pairs=self.cast.pairs, first=first)
        self.market.crowd = Crowd([*self.market.crowd.pairs, *crowd.pairs], crowd.issuer, {})
        self.market.crowd.log_in()
        endless = itertools.cycle(endings)
        for pair in crowd.pairs:
            for ending in itertools.islice(endless, _LIVES):
                await self.live(pair, ending)
        for pair, ending in zip(crowd.pairs, endless, strict=False):
            await self.live(Pair(pair.buyer, hot), ending)

    async def live(self, pair: Pair, ending: str) -> None:
        """Play one order until it has this status."""
        market, ask = self.market, self.recorder
        self.recorder.requests.clear()
        title = _TITLES[next(market.numbers) % len(_TITLES)]
        order = await market.propose(ask, pair, title=title)
        path = await market.hand_over(ask, pair, order, steps=_STEPS.get(ending, 0))
        last: dict[str, tuple[Person, str, dict[str, Any] | None]] = {
            "closed": (pair.buyer, "approve", None),
            "refunded": (pair.seller, "cancel", {"reason": "Sold out."}),
            "declined": (pair.seller, "decline", {"reason": "Too cheap."}),
            "cancelled": (pair.buyer, "cancel", {"reason": "Changed my mind."}),
            "issue_reported": (pair.buyer, "issues", _ISSUE),
            "disputed": (pair.buyer, "issues", _ISSUE),
        }
        if ending in last:
            who, step, body = last[ending]
            order = await market.command(ask, who, f"{path}/{step}", body)
        if ending == "disputed":
            await market.command(ask, pair.buyer, f"{path}/issues/{order['issue']['id']}/escalate")
        if ending == "expired":
            order_id = read_id("ord", order["id"])
            await self.owner.execute(_TOO_LATE, order_id)
            await self.application.fire_timer(order_id=order_id, kind=TimerKind.ACCEPT_BY)
