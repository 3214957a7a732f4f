"""What is asked of both databases: the same requests, by people who have done the same in each, and by a hot seller."""

from __future__ import annotations

import random
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

from benchmarks.processes import Program
from benchmarks.requests.people import Pair, Person
from benchmarks.requests.scenarios import PAGE, Market
from benchmarks.requests.wire import Asking, request

_OK: Final = 200


@dataclass(slots=True)
class Side:
    """One of the databases: its API, its people, and orders of theirs to be looked at, of all ages."""

    name: str
    program: Program
    market: Market
    hot: Person
    bought: dict[Person, list[str]]
    """The orders of each regular buyer."""
    sold: list[str]
    """Orders of the hot seller."""
    strangers: list[tuple[Person, str]]
    """People from all months, each with an order of theirs."""
    drawn: random.Random

    async def read(self, connection: Asking, who: Person, path: str) -> None:
        await connection.ask(request("GET", f"/v1{path}", token=self.market.crowd.token(who)), expect=_OK)


Scene = Callable[[Side, Asking, Pair], Awaitable[float | None]]
"""Does it once; returns the milliseconds that count when not all of them do."""


async def create(side: Side, connection: Asking, pair: Pair) -> None:
    await side.market.propose(connection, pair, side.market.quotes[pair])


async def create_with_hot(side: Side, connection: Asking, pair: Pair) -> None:
    await side.market.propose(connection, Pair(pair.buyer, side.hot), side.market.quotes[pair])


async def approve(side: Side, connection: Asking, pair: Pair) -> float:
    """Live an order until it is completed; return the milliseconds that its approval takes."""
    market = side.market
    path = await market.hand_over(connection, pair, await market.propose(connection, pair))
    begun = time.perf_counter()
    await market.command(connection, pair.buyer, f"{path}/approve")
    return (time.perf_counter() - begun) * 1000


async def approve_with_hot(side: Side, connection: Asking, pair: Pair) -> float:
    return await approve(side, connection, Pair(pair.buyer, side.hot))


async def get(side: Side, connection: Asking, pair: Pair) -> None:
    await side.read(connection, pair.buyer, f"/orders/{side.drawn.choice(side.bought[pair.buyer])}")


async def get_of_strangers(side: Side, connection: Asking, pair: Pair) -> None:  # noqa: ARG001 - somebody else looks
    person, order = side.drawn.choice(side.strangers)
    await side.read(connection, person, f"/orders/{order}")


async def get_of_hot(side: Side, connection: Asking, pair: Pair) -> None:  # noqa: ARG001 - the seller looks
    await side.read(connection, side.hot, f"/orders/{side.drawn.choice(side.sold)}")


def _reading(path: str, *, hot: bool) -> Scene:
    async def scene(side: Side, connection: Asking, pair: Pair) -> None:
        await side.read(connection, side.hot if hot else pair.buyer, path)

    return scene


_READS: Final = {
    f"list {PAGE}": f"/orders?limit={PAGE}",
    "counts": "/orders/counts",
    "search": f"/orders?text=laptop&limit={PAGE}",
    "balance": "/balance",
    "balance lines": f"/balance/entries?limit={PAGE}",
}
SCENES: Final[dict[str, Scene]] = {
    "create": create,
    "get": get,
    "get, strangers": get_of_strangers,
    "approve": approve,
    **{name: _reading(path, hot=False) for name, path in _READS.items()},
    "create, hot seller": create_with_hot,
    "get, hot seller": get_of_hot,
    "approve, hot seller": approve_with_hot,
    **{f"{name}, hot seller": _reading(path, hot=True) for name, path in _READS.items()},
}
