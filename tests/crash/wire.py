"""How a good client sends a command: the same key until there is an answer."""

from __future__ import annotations

import asyncio
import random
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

import httpx2
import orjson
from tests.crash.book import Book, Operation

PATIENCE_SECONDS: Final = 90.0
_SERVER_ERROR: Final = 500
_AGAIN: Final = frozenset({"idempotency_in_progress", "concurrent_update"})


class RefusedError(Exception):
    """The server refused, for good, what was asked."""

    def __init__(self, operation: Operation) -> None:
        super().__init__(f"{operation.path} was answered {operation.status} {operation.code}")
        self.operation = operation


class NoAnswerError(Exception):
    """Nothing but errors for longer than any client would wait."""


@dataclass(slots=True)
class Counts:
    """Figures of the road: tries beyond the first, answers that came from the store, kinds of trouble."""

    retries: int = 0
    replays: int = 0
    trouble: dict[str, int] = field(default_factory=dict)

    def met(self, what: str) -> None:
        self.retries += 1
        self.trouble[what] = self.trouble.get(what, 0) + 1


class Wire:
    """One road to the API for all clients. With ``unkeyed`` every retry takes a new key, as no client may."""

    def __init__(self, http: httpx2.AsyncClient, *, book: Book, dice: random.Random, unkeyed: bool = False) -> None:
        self.http = http
        self.book = book
        self.counts = Counts()
        self.tokens: dict[str, str] = {}
        self._dice = dice
        self._unkeyed = unkeyed

    async def command(self, who: str, path: str, body: Any = None) -> Any:
        """Send a command until it is answered and return the answer.

        :raises RefusedError: on a refusal that a repeat would not change.
        :raises NoAnswerError: when no answer comes.
        """
        operation = Operation(who, self._key(), path, {} if body is None else body)
        self.book.operations.append(operation)
        return await self._answered(operation)

    async def unbooked(self, who: str, path: str, body: Any) -> Any:
        """Send what may happen more than once, and so is in nobody's book.

        :raises RefusedError: on a refusal that a repeat would not change.
        :raises NoAnswerError: when no answer comes.
        """
        return await self._answered(Operation(who, self._key(), path, body))

    async def _answered(self, operation: Operation) -> Any:
        await self.send(operation)
        if not operation.acknowledged:
            raise RefusedError(operation)
        return operation.json

    async def send(self, operation: Operation) -> None:
        """Try until there is an answer, and write it into the operation."""
        deadline = asyncio.get_running_loop().time() + PATIENCE_SECONDS
        while True:
            answer = await self.ask(operation)
            if answer is not None:
                operation.status, operation.answer = answer.status_code, answer.content
                operation.replayed = "idempotent-replayed" in answer.headers
                self.counts.replays += operation.replayed
                return
            if asyncio.get_running_loop().time() > deadline:
                raise NoAnswerError(f"{operation.path} got no answer within {PATIENCE_SECONDS:g} s")
            await asyncio.sleep(self._dice.uniform(0.05, 0.3))
            if self._unkeyed:
                operation.key = self._key()

    async def ask(self, operation: Operation) -> httpx2.Response | None:
        """Send once; ``None`` when nobody knows whether it took effect."""
        operation.tries += 1
        try:
            answer = await self.http.post(
                f"/v1{operation.path}",
                content=orjson.dumps(operation.body),
                headers={
                    "Authorization": f"Bearer {self.tokens[operation.who]}",
                    "Idempotency-Key": operation.key,
                    "Content-Type": "application/json",
                },
            )
        except httpx2.TransportError as failure:
            self.counts.met(type(failure).__name__)
            return None
        if answer.status_code >= _SERVER_ERROR:
            self.counts.met(f"{answer.status_code} {_code(answer)}")
            return None
        if not answer.is_success and _code(answer) in _AGAIN:
            self.counts.met(_code(answer))
            return None
        return answer

    async def get(self, who: str, path: str) -> Any:
        """Read until there is an answer.

        :raises NoAnswerError: when no answer comes.
        """
        deadline = asyncio.get_running_loop().time() + PATIENCE_SECONDS
        while asyncio.get_running_loop().time() < deadline:
            try:
                answer = await self.http.get(f"/v1{path}", headers={"Authorization": f"Bearer {self.tokens[who]}"})
            except httpx2.TransportError:
                pass
            else:
                if answer.status_code < _SERVER_ERROR:
                    return answer.json()
            await asyncio.sleep(self._dice.uniform(0.05, 0.3))
        raise NoAnswerError(f"{path} got no answer within {PATIENCE_SECONDS:g} s")

    def _key(self) -> str:
        return str(UUID(int=self._dice.getrandbits(128), version=4))


def _code(answer: httpx2.Response) -> str:
    try:
        return str(answer.json().get("code", ""))
    except ValueError:
        return ""
