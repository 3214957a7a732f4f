"""HTTP/1.1 with as little work as it takes, so that what is measured is the server."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any, Final, Protocol, Self

import orjson

_HEAD_END: Final = b"\r\n\r\n"
_LENGTH: Final = b"\r\ncontent-length: "


class UnexpectedAnswerError(RuntimeError):
    """A request was not answered as the scenario needs it; a rate with failures in it would say nothing."""


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    body: bytes

    def json(self) -> dict[str, Any]:
        found: dict[str, Any] = orjson.loads(self.body)
        return found


class Asking(Protocol):
    """Answers one request after another."""

    async def ask(self, request: bytes, *, expect: int) -> Answer:
        """Send a whole request and return its answer.

        :raises UnexpectedAnswerError: when the status is another one.
        """
        ...


class Connection(asyncio.Protocol):
    """One kept connection with one request under way at a time."""

    def __init__(self) -> None:
        self._buffer = b""
        self._waiter: asyncio.Future[Answer] | None = None
        self._transport: asyncio.Transport | None = None

    @classmethod
    async def open(cls, port: int) -> Self:
        _, connection = await asyncio.get_running_loop().create_connection(cls, "127.0.0.1", port)
        return connection

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport  # type: ignore[assignment] # a stream's transport is one that writes

    def connection_lost(self, exc: Exception | None) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_exception(exc or ConnectionResetError("the server hung up"))

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        head = self._buffer.find(_HEAD_END)
        if head < 0:
            return
        # Names of fields are written in capitals by some servers (RFC 9110, 5.1).
        at = self._buffer[:head].lower().find(_LENGTH)
        length = int(self._buffer[at + len(_LENGTH) : self._buffer.index(b"\r\n", at + 2)]) if at >= 0 else 0
        end = head + len(_HEAD_END) + length
        if len(self._buffer) < end or self._waiter is None:
            return
        answer = Answer(int(self._buffer[9:12]), self._buffer[head + len(_HEAD_END) : end])
        self._buffer = self._buffer[end:]
        waiter, self._waiter = self._waiter, None
        waiter.set_result(answer)

    async def ask(self, request: bytes, *, expect: int) -> Answer:
        """See :meth:`Asking.ask`."""
        self._waiter = asyncio.get_running_loop().create_future()
        self._transport.write(request)  # type: ignore[union-attr] # open() waited for it
        answer = await self._waiter
        if answer.status != expect:
            raise UnexpectedAnswerError(f"{answer.status} {answer.body[:500]!r} to {request[:300]!r}")
        return answer


def request(
    method: str, path: str, body: bytes = b"", *, token: str | None = None, key: str | None = None, extra: str = ""
) -> bytes:
    """Return a request as bytes."""
    head = f"{method} {path} HTTP/1.1\r\nhost: 127.0.0.1\r\n{extra}"
    if token is not None:
        head += f"authorization: Bearer {token}\r\n"
    if key is not None:
        head += f"idempotency-key: {key}\r\n"
    if body or method != "GET":
        head += f"content-type: application/json\r\ncontent-length: {len(body)}\r\n"
    return head.encode() + b"\r\n" + body
