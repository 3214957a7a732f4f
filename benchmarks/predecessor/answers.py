"""Whether two servers answer the same: everything but ids, hashes, moments and cursors is compared."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any, Final

import orjson

from benchmarks.requests.scenarios import SCENARIOS, Market
from benchmarks.requests.wire import Answer, Asking, Connection

_OWN: Final = re.compile(
    r"[a-z]{3}_[0-9a-hjkmnp-tv-z]{26}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|[0-9a-f]{64}"
    r"|\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z"
)


@dataclass(slots=True)
class _Noting:
    connection: Connection
    bodies: list[bytes] = field(default_factory=list)

    async def ask(self, request: bytes, *, expect: int) -> Answer:
        answer = await self.connection.ask(request, expect=expect)
        self.bodies.append(answer.body)
        return answer


async def bodies(market: Market, port: int, scenes: tuple[str, ...]) -> dict[str, list[bytes]]:
    """Play each scenario once for the first pair; return what every request was answered."""
    connection = await Connection.open(port)
    try:
        return {name: await _played(market, connection, name) for name in scenes}
    finally:
        connection.close()


async def _played(market: Market, connection: Connection, name: str) -> list[bytes]:
    noting = _Noting(connection)
    asking: Asking = noting
    await SCENARIOS[name](market, asking, market.crowd.pairs[0])
    return noting.bodies


def differences(ours: dict[str, list[bytes]], theirs: dict[str, list[bytes]]) -> list[str]:
    """Return which answers say something else, as scenario, number of the request, and both answers."""
    return [
        f"{name} {number}: {mine!r} is not {other!r}"
        for name in ours
        for number, (mine, other) in enumerate(zip(ours[name], theirs[name], strict=True))
        if _plain(mine) != _plain(other)
    ]


def _plain(body: bytes) -> Any:  # noqa: ANN401 - whatever an answer holds
    return _without_own(orjson.loads(body)) if body else None


def _without_own(value: Any) -> Any:  # noqa: ANN401 - as above
    match value:
        case dict():
            return {name: "own" if one and name == "next_cursor" else _without_own(one) for name, one in value.items()}
        case list():
            return [_without_own(one) for one in value]
        case str() if _OWN.fullmatch(value):
            return "own"
        case _:
            return value
