"""One statement for what several requests bring at the same moment."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextvars import Context
from dataclasses import dataclass, field
from typing import Final, Generic, TypeVar

from kro.core.database.failures import DatabaseBusyError

_MOST: Final = 64
"""How many are written by one statement."""
_MOST_WAITING: Final = 1_024

T = TypeVar("T")
R = TypeVar("R")


@dataclass(slots=True)
class _Waiting(Generic[T, R]):
    item: T
    written: asyncio.Future[R] = field(default_factory=lambda: asyncio.get_running_loop().create_future())

    def tell(self, result: R) -> None:
        # Whoever brought it may have gone away; it is written all the same.
        if not self.written.done():
            self.written.set_result(result)

    def refuse(self, error: Exception) -> None:
        if not self.written.done():
            self.written.set_exception(error)


class GroupWrite(Generic[T, R]):
    """Writes one item at once, and those that come while others are being written together, as soon as these are.

    ``write`` takes items and commits all of them or none, with one answer for each in their order. So nobody waits
    for others to come, and under load the round trip, the commit and the statement are shared. At most ``at_once``
    statements run at a time.

    What is refused is tried alone, so that one item that cannot be written keeps no other out. What became of a
    statement under which the server is lost nobody knows: all of its items get that :class:`DatabaseBusyError`.
    """

    def __init__(self, write: Callable[[Sequence[T]], Awaitable[Sequence[R]]], *, at_once: int = 2) -> None:
        self._write = write
        self._idle = at_once
        self._waiting: deque[_Waiting[T, R]] = deque()
        self._writers: set[asyncio.Task[None]] = set()

    async def add(self, item: T) -> R:
        """Return the answer for an item once it is committed.

        :raises DatabaseBusyError: also when too many wait already; else whatever writing the item raises.
        """
        if len(self._waiting) >= _MOST_WAITING:
            raise DatabaseBusyError
        mine = _Waiting[T, R](item)
        self._waiting.append(mine)
        if self._idle:
            self._idle -= 1
            # Its statements are of many requests, so they belong to the trace of none.
            writer = asyncio.get_running_loop().create_task(self._work(), context=Context())
            self._writers.add(writer)
            writer.add_done_callback(self._writers.discard)
        return await mine.written

    async def _work(self) -> None:
        try:
            while self._waiting:
                await self._write_together([self._waiting.popleft() for _ in range(min(_MOST, len(self._waiting)))])
        finally:
            # In the same step as the last look: who comes later finds an idle writer.
            self._idle += 1

    async def _write_together(self, group: Sequence[_Waiting[T, R]]) -> None:
        try:
            results = await self._write([one.item for one in group])
        except DatabaseBusyError as error:
            _refuse(group, error)
        except Exception as error:  # noqa: BLE001 - told to whoever waits for it
            if len(group) == 1:
                _refuse(group, error)
                return
            for one in group:
                await self._write_together([one])
        except asyncio.CancelledError:
            _refuse([*group, *self._waiting], DatabaseBusyError())
            self._waiting.clear()
            raise
        else:
            for one, result in zip(group, results, strict=True):
                one.tell(result)


def _refuse(group: Iterable[_Waiting[T, R]], error: Exception) -> None:
    for one in group:
        one.refuse(error)
