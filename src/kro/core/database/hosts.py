"""Reaching the one of several hosts that takes writes, also while another one is gone without a word.

The driver asks the hosts of an address one after the other, so a host that swallows packets would use up the time for
all of them. Here the next one is asked after a moment, and whoever takes writes first wins.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Sequence
from typing import Any, Final
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

import asyncpg

HEAD_START_SECONDS: Final = 0.3
"""How long a host may take before the next one is asked as well."""

# A host that is gone is noticed within some ten seconds, by an idle connection as well as by one that waits; without
# this the kernel would try for a quarter of an hour.
_SILENCE: Final = {"TCP_KEEPIDLE": 5, "TCP_KEEPINTVL": 2, "TCP_KEEPCNT": 3, "TCP_USER_TIMEOUT": 10_000}


async def connect(dsn: str, **options: Any) -> asyncpg.Connection[asyncpg.Record]:  # noqa: ANN401 - the driver's own
    """Connect like the driver, to the host of a DSN that answers and takes writes when it names several.

    :raises OSError: none of them does, or the only one cannot be reached.
    """
    each = dsn_by_host(dsn)
    connection = await (_first(each, options) if len(each) > 1 else asyncpg.connect(dsn, **options))
    _notice_silence(connection)
    return connection


def dsn_by_host(dsn: str) -> Sequence[str]:
    """Return a DSN for each host that one names, in the same order."""
    url = urlsplit(dsn)
    query = dict(parse_qsl(url.query))
    login, at, place = url.netloc.rpartition("@")
    hosts = (place or query.get("host", "")).split(",")
    if len(hosts) == 1:
        return (dsn,)
    if place:
        return [urlunsplit(url._replace(netloc=f"{login}{at}{host}")) for host in hosts]
    ports = query.get("port", "5432").split(",")
    ports = ports if len(ports) == len(hosts) else ports[:1] * len(hosts)
    each = [urlencode({**query, "host": host, "port": port}) for host, port in zip(hosts, ports, strict=True)]
    return [urlunsplit(url._replace(query=one)) for one in each]


async def _first(dsns: Sequence[str], options: dict[str, Any]) -> asyncpg.Connection[asyncpg.Record]:
    trying: set[asyncio.Task[asyncpg.Connection[asyncpg.Record]]] = set()
    failures: list[BaseException] = []
    waiting = list(dsns)
    try:
        while waiting or trying:
            if waiting:
                trying.add(asyncio.create_task(asyncpg.connect(waiting.pop(0), **options)))
            patience = HEAD_START_SECONDS if waiting else None
            done, _ = await asyncio.wait(trying, timeout=patience, return_when=asyncio.FIRST_COMPLETED)
            trying -= done
            failures += [error for task in done if (error := task.exception())]
            if won := [task.result() for task in done if not task.exception()]:
                for late in won[1:]:
                    late.terminate()
                return won[0]
        raise _told(failures)
    finally:
        await _give_up(trying)


def _told(failures: Sequence[BaseException]) -> BaseException:
    # A wrong password is worth more than the word that the other host is a standby.
    told = [error for error in failures if not isinstance(error, asyncpg.TargetServerAttributeNotMatched)]
    return told[0] if told else ConnectionRefusedError("none of the hosts takes writes")


async def _give_up(trying: set[asyncio.Task[asyncpg.Connection[asyncpg.Record]]]) -> None:
    for task in trying:
        task.cancel()
    for ended in await asyncio.gather(*trying, return_exceptions=True):
        if isinstance(ended, asyncpg.Connection):
            ended.terminate()


def _notice_silence(connection: asyncpg.Connection[asyncpg.Record]) -> None:
    # The driver offers no way to its socket but this one; a private socket's other end cannot go silent.
    own: socket.socket | None = connection._transport.get_extra_info("socket")  # type: ignore[attr-defined]  # noqa: SLF001
    if own is None or own.family == socket.AF_UNIX:
        return
    own.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, value in _SILENCE.items():
        # Linux has all of them, other systems some.
        if (option := getattr(socket, name, None)) is not None:
            own.setsockopt(socket.IPPROTO_TCP, option, value)
