"""The real JavaScript client in Node, told by lines of JSON what to do."""

from __future__ import annotations

import asyncio
import json
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

FOLDER: Final = Path(__file__).parents[1] / "javascript"


def missing() -> str | None:
    """Return why the client cannot be run on this machine; ``None`` when it can."""
    if shutil.which("node") is None:
        return "there is no Node.js here"
    if not (FOLDER / "node_modules" / "socket.io-client").is_dir():
        return "socket.io-client is not installed: run `make javascript`"
    return None


class NodeClient:
    """One socket of the JavaScript client and everything it told."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self._told: list[dict[str, Any]] = []
        self._news = asyncio.Condition()
        self._reader = asyncio.create_task(self._read())

    async def do(self, act: str, **facts: Any) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps({"act": act, **facts}).encode() + b"\n")
        await self._process.stdin.drain()

    async def ask(self, event: str, data: Any) -> Any:
        await self.do("ask", event=event, data=data)
        return (await self.next("answer"))["answer"]

    async def next(self, told: str) -> dict[str, Any]:
        """Return the next thing of a kind that was not returned yet, waiting for it."""
        async with asyncio.timeout(30), self._news:
            while True:
                for index, message in enumerate(self._told):
                    if message["told"] == told:
                        return self._told.pop(index)
                await self._news.wait()

    async def close(self) -> None:
        await self.do("end")
        await self._process.wait()
        await self._reader

    async def _read(self) -> None:
        assert self._process.stdout is not None
        async for line in self._process.stdout:
            async with self._news:
                self._told.append(json.loads(line))
                self._news.notify_all()


@asynccontextmanager
async def node_client() -> AsyncIterator[NodeClient]:
    """Start Node with the client, and end it."""
    process = await asyncio.create_subprocess_exec(
        "node", str(FOLDER / "client.mjs"), stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
    )
    client = NodeClient(process)
    try:
        yield client
    finally:
        await client.close()
