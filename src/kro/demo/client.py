"""The apps' side of the wire: JSON over HTTP, with an idempotency key on everything that changes something."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from http import HTTPStatus
from typing import Any, Final, TypeVar

import httpx2

from kro.core.ids import IdSource

JSON = Any
"""A decoded answer; the journey asserts what it reads from it."""

PATIENCE_SECONDS: Final = 30.0
_PAUSE_SECONDS: Final = 0.1

T = TypeVar("T")


class DemoError(Exception):
    """The journey cannot go on; the sentence says where and why."""


class RefusedError(DemoError):
    """The server answered with a problem; ``code`` is its stable code."""

    def __init__(self, what: str, answer: httpx2.Response) -> None:
        self.status = answer.status_code
        problem = answer.json() if answer.headers.get("content-type", "").endswith("json") else {}
        self.code = str(problem.get("code", ""))
        super().__init__(f"{what} was answered {self.status} {self.code}: {problem.get('detail', answer.text[:200])}")


class TookTooLongError(DemoError):
    """Something that was due did not happen in time."""


class API:
    """One app that talks to the server, logged in once :attr:`token` is set."""

    def __init__(self, http: httpx2.AsyncClient, *, ids: IdSource) -> None:
        self._http = http
        self._ids = ids
        self.token: str | None = None

    async def get(self, path: str, **query: str | int) -> JSON:
        """Return what the server shows.

        :raises RefusedError: on any answer that is not a success.
        """
        return await self._call("GET", path, params=query)

    async def post(self, path: str, body: JSON = None, *, key: str | None = None) -> JSON:
        """Send a command under a fresh idempotency key, or under ``key`` to repeat one.

        :raises RefusedError: on any answer that is not a success.
        """
        return await self._call("POST", path, json={} if body is None else body, headers=self._once(key))

    async def upload(self, path: str, data: bytes, *, content_type: str, **query: str) -> JSON:
        """Send raw bytes.

        :raises RefusedError: on any answer that is not a success.
        """
        headers = {**self._once(None), "Content-Type": content_type}
        return await self._call("POST", path, content=data, headers=headers, params=query)

    def _once(self, key: str | None) -> dict[str, str]:
        return {"Idempotency-Key": key or str(self._ids.new())}

    async def _call(self, method: str, path: str, *, headers: Mapping[str, str] | None = None, **rest: Any) -> JSON:  # noqa: ANN401 - the HTTP client's own arguments
        authorization = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        try:
            answer = await self._http.request(method, path, headers={**authorization, **(headers or {})}, **rest)
        except httpx2.TransportError as failure:
            raise DemoError(f"{method} {self._http.base_url.join(path)} found no server: {failure!r}") from failure
        if not answer.is_success:
            raise RefusedError(f"{method} {path}", answer)
        return answer.json() if answer.status_code != HTTPStatus.NO_CONTENT else None


async def eventually(
    what: str,
    fetch: Callable[[], Awaitable[T]],
    *,
    until: Callable[[T], bool],
    seconds: float = PATIENCE_SECONDS,
) -> T:
    """Ask again until the answer is the awaited one, as an app that polls would.

    :raises TookTooLongError: naming ``what`` did not come and the last answer seen.
    """
    deadline = asyncio.get_running_loop().time() + seconds
    while True:
        found = await fetch()
        if until(found):
            return found
        if asyncio.get_running_loop().time() > deadline:
            raise TookTooLongError(f"{what} did not happen within {seconds:g} s; last seen: {found}")
        await asyncio.sleep(_PAUSE_SECONDS)
