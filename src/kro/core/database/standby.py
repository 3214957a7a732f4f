"""Connections to a standby of the very database the primary has, and whether it has caught up with it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, cast

from kro.core.database.pool import Database, PlainConnection, PooledConnection, PoolOptions

if TYPE_CHECKING:
    from kro.core.database.horizon import Horizon
    from kro.core.database.pool import Connection

_WAIT_SECONDS: Final = 0.5
"""How long to wait for a connection: the primary may have a free one."""
_IDENTITY: Final = "SELECT (pg_control_system()).system_identifier || '/' || current_database()"
# One trip, as the server waits by itself, a millisecond at a time.
_CATCH_UP: Final = """
WITH RECURSIVE waited (times, lsn) AS (
    SELECT 0, pg_last_wal_replay_lsn() UNION ALL
    SELECT times + 1, pg_last_wal_replay_lsn() FROM waited
    WHERE lsn < $1::pg_lsn AND times < $2::int AND pg_sleep(0.001) IS NOT NULL)
SELECT pg_is_in_recovery() AS is_standby, max(lsn) AS lsn FROM waited"""
# Each is written when something of its timeline has been replayed; soon after a promotion one of them is.
_TIMELINE: Final = """
SELECT greatest((pg_control_checkpoint()).timeline_id, (pg_control_recovery()).min_recovery_end_timeline)"""
_AGE: Final = "SELECT extract(epoch FROM clock_timestamp() - pg_last_xact_replay_timestamp())::float8"


class UnfitReplicaError(Exception):
    """What is at the replica's address cannot be read from; no client ever hears of it."""


class BehindError(UnfitReplicaError):
    """The replica has not replayed what a read has to see, and did not within the time it was given."""


@dataclass(slots=True)
class _Progress:
    """How far the server of a connection is known to have replayed; while the connection lives, that only grows."""

    timeline: int = 0
    lsn: int = -1

    def includes(self, horizon: Horizon) -> bool:
        return self.timeline == horizon.timeline and self.lsn >= horizon.lsn


class _StandbyConnection(PooledConnection):
    progress: _Progress


class Standby(Database):
    """A :class:`Database` nobody can write to, on a server that replays what the primary wrote."""

    _connection_class = _StandbyConnection

    def __init__(self, options: PoolOptions, *, primary: Database, patience_ms: int) -> None:
        super().__init__(replace(options, wait_seconds=_WAIT_SECONDS))
        self._primary = primary
        self._patience_ms = patience_ms
        self._identity: str | None = None

    async def open(self) -> None:
        """Open the pool.

        :raises UnfitReplicaError: it is not a standby of the primary's database, or a pooler is in between.
        """
        self._identity = await self._primary.run(lambda connection: connection.fetchval(_IDENTITY))
        await super().open()

    def drop(self) -> None:
        """End every connection at once; whoever waits for an answer gets the error of a lost one."""
        if self._opened is not None:
            self._opened.terminate()

    async def wait_until(self, connection: Connection, horizon: Horizon, *, anew: bool = False) -> None:
        """Return when the next statement of a connection sees everything before a horizon.

        ``anew`` asks the server also when that is known already, to see that it answers.

        :raises BehindError: it still would not after the time it was given.
        :raises UnfitReplicaError: the server is no standby any more.
        """
        progress = cast("_StandbyConnection", connection).progress
        if progress.includes(horizon) and not anew:
            return
        found = await connection.fetchrow(_CATCH_UP, horizon.lsn, self._patience_ms)
        if found is None or not found["is_standby"] or found["lsn"] is None:
            raise UnfitReplicaError("promoted")
        progress.lsn = found["lsn"]
        if progress.timeline != horizon.timeline:
            progress.timeline = await connection.fetchval(_TIMELINE)
        if not progress.includes(horizon):
            raise BehindError("behind")

    async def age_seconds(self, connection: Connection) -> float:
        """Return how long ago the last transaction was committed that the standby has replayed."""
        return float(await connection.fetchval(_AGE) or 0.0)

    async def _prepare(self, connection: PlainConnection) -> None:
        await super()._prepare(connection)
        # What is known of a connection has to be true of one server.
        if await connection.fetchval("SELECT pg_backend_pid()") != connection.get_server_pid():
            raise UnfitReplicaError("behind_a_pooler")
        if await connection.fetchval(_IDENTITY) != self._identity:
            raise UnfitReplicaError("of_another_database")
        cast("_StandbyConnection", connection).progress = _Progress()

    def _settings(self) -> dict[str, str]:
        # It may be promoted at any moment.
        return {**super()._settings(), "default_transaction_read_only": "on"}
