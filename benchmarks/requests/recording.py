"""Plays scenarios inside this process and writes down which statements each request sends."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Final

import httpx2
from fastapi import FastAPI

from benchmarks.requests.wire import Answer, UnexpectedAnswerError
from kro.core.database.pool import Database

APPLY: Final = "SELECT apply_decision($1::text::jsonb)"
_WAYS: Final = ("row", "rows", "value", "execute")


@dataclass(frozen=True, slots=True)
class Statement:
    sql: str
    args: tuple[object, ...]


@dataclass(slots=True)
class Recorder:
    """Stands where a connection does; ``requests`` holds the statements of each request, in order."""

    client: httpx2.AsyncClient
    requests: list[list[Statement]] = field(default_factory=list)

    async def ask(self, request: bytes, *, expect: int) -> Answer:
        """Answer a request as :meth:`benchmarks.requests.wire.Connection.ask` does."""
        head, _, body = request.partition(b"\r\n\r\n")
        first, *lines = head.decode().split("\r\n")
        method, path, _ = first.split(" ")
        headers = dict(line.split(": ", 1) for line in lines)
        self.requests.append([])
        reply = await self.client.request(method, path, content=body, headers=headers)
        if reply.status_code != expect:
            raise UnexpectedAnswerError(f"{reply.status_code} {reply.text[:500]}")
        return Answer(reply.status_code, reply.content)

    def watch(self, database: Database) -> None:
        """Write down every statement the database is given from now on."""
        for name in _WAYS:
            setattr(database, name, self._noting(getattr(database, name)))
        apply = database.apply

        async def noting(document: str) -> None:
            self.requests[-1].append(Statement(APPLY, (document,)))
            await apply(document)

        database.apply = noting  # type: ignore[method-assign] # what a benchmark looks at, the product does not offer

    def _noting(self, way: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
        async def noting(sql: str, *args: object) -> Any:  # noqa: ANN401 - whatever the statement returns
            if self.requests:
                self.requests[-1].append(Statement(sql, args))
            return await way(sql, *args)

        return noting


@asynccontextmanager
async def recording(api: FastAPI, database: Database) -> AsyncIterator[Recorder]:
    """Open the application and record what is asked of it."""
    async with api.router.lifespan_context(api):
        transport = httpx2.ASGITransport(app=api)
        async with httpx2.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
            recorder = Recorder(client)
            recorder.watch(database)
            yield recorder
