from __future__ import annotations

import asyncio
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import orjson

from kro.core.errors import ErrorKind, KroError

_PRESS: Final = Path(__file__).with_name("press.py")


class PrinterBusyError(KroError):
    """Too many documents are being made; try again shortly."""

    kind = ErrorKind.OVERLOADED
    code = "overloaded"
    retryable = True

    def __init__(self) -> None:
        super().__init__(retry_after_seconds=2)


class Printer:
    """Sets PDFs in short-lived processes, a few at a time and each within a deadline.

    The typesetter keeps what it has set in memory for reuse: within this process, some long documents would take
    hundreds of megabytes for good.
    """

    def __init__(self, *, at_once: int = 2, wait_seconds: float = 5.0, deadline_seconds: float = 20.0) -> None:
        self._slots = asyncio.Semaphore(at_once)
        self._wait = wait_seconds
        self._deadline = deadline_seconds

    async def print(self, template: str, data: Mapping[str, Any]) -> bytes:
        """Return a PDF; the template reads ``data`` as JSON from ``sys.inputs.data``, never as markup.

        :raises PrinterBusyError: when no slot gets free in time, or the document is not done within its deadline.
        """
        try:
            async with asyncio.timeout(self._wait):
                await self._slots.acquire()
        except TimeoutError:
            raise PrinterBusyError from None
        try:
            async with asyncio.timeout(self._deadline):
                return await _press(orjson.dumps({"template": template, "data": data}))
        except TimeoutError:
            raise PrinterBusyError from None
        finally:
            self._slots.release()


async def _press(job: bytes) -> bytes:
    # Isolated and without our environment: the child needs neither our settings nor our secrets.
    child = await asyncio.create_subprocess_exec(
        sys.executable,
        "-I",
        str(_PRESS),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        cwd=_PRESS.parent,
        env={},
    )
    try:
        pages, complaint = await child.communicate(job)
    finally:
        if child.returncode is None:
            child.kill()
            await child.wait()
    if child.returncode != 0:
        raise RuntimeError(f"the document could not be set: {complaint.decode(errors='replace')[-500:]}")
    return pages
