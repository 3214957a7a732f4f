"""A replica that answers reads as fresh as the primary would, and the primary where it cannot.

Each read asks the primary how far its log is, and a standby for its answer once it has replayed the log up to there.
So it shows everything that was acknowledged to anybody before the read began: a client's own write, what an event has
just told of, a suspension. Nothing has to be remembered for that, by no client and by no process.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Final, TypeVar

import asyncpg

from kro.core.database.failures import UNREACHABLE, BlockedError, DatabaseBusyError
from kro.core.database.horizon import Horizon, Horizons
from kro.core.database.standby import BehindError, Standby, UnfitReplicaError
from kro.core.errors import KroError
from kro.core.reading import may_read_elsewhere
from kro.core.telemetry import get_logger, hooks
from kro.core.telemetry.catalogue import REPLICA_FIT, REPLICA_LAG, REPLICA_READS

if TYPE_CHECKING:
    from kro.core.database.pool import Connection, Database, PoolOptions

_log = get_logger()

_PROBE_SECONDS: Final = 1.0
"""How often the replica is looked at, and how long it may take to answer that."""
_LONGEST_PAUSE_SECONDS: Final = 10.0

_FAILURES: Final = (
    KroError,
    UnfitReplicaError,
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    OSError,
)

T = TypeVar("T")


class Replica:
    """Leads reads, and watches where to: while the replica is away, behind or promoted, no read waits for it."""

    def __init__(self, options: PoolOptions, *, primary: Database, patience_ms: int) -> None:
        # One connection more is the watch's own.
        self._standby = Standby(replace(options, size=options.size + 1), primary=primary, patience_ms=patience_ms)
        self._primary = primary
        self._horizons = Horizons(primary)
        self._watching: asyncio.Task[None] | None = None
        self._lost = asyncio.Event()
        self._state = ""

    @property
    def is_fit(self) -> bool:
        """Whether reads are led to the replica now."""
        return self._state == "fit"

    async def lead(self, call: Callable[[Connection], Awaitable[T]]) -> T:
        """Run a read on the replica if it may be, else or if that fails on the primary: the way for ``Database.read``.

        :raises DatabaseBusyError: as on the primary alone; also when a statement takes too long on the replica.
        """
        if not may_read_elsewhere():
            return await self._primary.run(call)
        outcome = "away"
        if self.is_fit and (horizon := await self._horizons.now()) is not None:
            try:
                answer = await self._standby.run(lambda connection: self._ask(connection, horizon, call))
            except _FAILURES as error:
                # It would take as long there.
                if isinstance(error.__cause__, asyncpg.QueryCanceledError):
                    raise
                outcome = self._missed(error)
            else:
                hooks.add(REPLICA_READS, outcome="served")
                return answer
        hooks.add(REPLICA_READS, outcome=outcome)
        return await self._primary.run(call)

    async def _ask(self, connection: Connection, horizon: Horizon, call: Callable[[Connection], Awaitable[T]]) -> T:
        await self._standby.wait_until(connection, horizon)
        return await call(connection)

    def _missed(self, error: Exception) -> str:
        """Return why a read has to go to the primary, and see to it that others need not find out for themselves."""
        cause = error.__cause__ or error
        if isinstance(error, BehindError):
            self._enter("behind")
            return "behind"
        if isinstance(error, BlockedError):
            # What the replica replays won over the read; the next one may have more luck.
            return "conflict"
        if isinstance(cause, DatabaseBusyError | asyncpg.InsufficientResourcesError):
            return "busy"
        if isinstance(cause, asyncpg.PostgresError) and not isinstance(cause, UNREACHABLE):
            # Perhaps a mistake of ours, such as a write where only reads are declared: the primary's answer tells.
            _log.error("replica_refused_read", error_type=type(cause).__name__)
            return "refused"
        self._enter("lost")
        self._lost.set()
        return "lost"

    def watch(self) -> None:
        """Begin to look for the replica; whether it is there changes nothing for whoever starts."""
        self._watching = asyncio.create_task(self._watch())

    async def close(self) -> None:
        """Stop looking, and let go of every connection after the statements that run on them."""
        if self._watching is not None:
            self._watching.cancel()
            with suppress(asyncio.CancelledError):
                await self._watching
            self._watching = None
        self._state = ""
        await self._standby.close()

    async def _watch(self) -> None:
        pause = _PROBE_SECONDS
        while True:
            began = asyncio.get_running_loop().time()
            try:
                await self._follow()
            except UnfitReplicaError as error:
                self._enter(str(error))
            except Exception as error:  # noqa: BLE001 - whatever it is, reads go to the primary and it is tried again
                self._enter(type(error).__name__)
            # Whoever waits for an answer of it waits no longer.
            self._standby.drop()
            stayed = asyncio.get_running_loop().time() - began > _LONGEST_PAUSE_SECONDS
            pause = _PROBE_SECONDS if stayed else min(2 * pause, _LONGEST_PAUSE_SECONDS)
            await asyncio.sleep(pause)

    async def _follow(self) -> None:
        """Stay with the replica until it is lost."""
        self._lost.clear()
        await self._standby.open()
        async with self._standby.connection() as connection:
            while not self._lost.is_set():
                await self._look(connection)
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._lost.wait(), _PROBE_SECONDS)

    async def _look(self, connection: Connection) -> None:
        """Find out whether the replica can be read from.

        :raises TimeoutError: it does not answer.
        """
        try:
            horizon = await self._horizons.now()
        except DatabaseBusyError:
            # The primary is away, which says nothing about the replica.
            return
        lag = 0.0
        async with asyncio.timeout(_PROBE_SECONDS):
            try:
                if horizon is None:
                    raise BehindError("behind")  # noqa: TRY301 - what it is compared with takes no writes
                await self._standby.wait_until(connection, horizon, anew=True)
                self._enter("fit")
            except BehindError:
                self._enter("behind")
                lag = await self._standby.age_seconds(connection)
        hooks.put(REPLICA_LAG, lag)

    def _enter(self, state: str) -> None:
        if state != self._state:
            (_log.info if state == "fit" else _log.warning)("replica_changed", state=state)
        self._state = state
        hooks.put(REPLICA_FIT, float(self.is_fit))
