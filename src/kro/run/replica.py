from __future__ import annotations

from dataclasses import replace
from typing import Final

import asyncpg

from kro.core.config import DatabaseSettings
from kro.core.database.address import pool_options, replica_options
from kro.core.database.failures import UNREACHABLE
from kro.core.database.horizon import Horizons
from kro.core.database.pool import Database
from kro.core.database.standby import Standby, UnfitReplicaError
from kro.core.errors import KroError
from kro.run.errors import StartError

_PATIENCE_MS: Final = 2_000


async def examine_replica(settings: DatabaseSettings) -> str:
    """Look whether reads can be led to the replica that the settings name; return what was found in words.

    :raises StartError: it cannot be read from.
    """
    options = replica_options(settings)
    if options is None:
        return "none is configured"
    primary = Database(replace(pool_options(settings), size=1))
    standby = Standby(replace(options, size=1), primary=primary, patience_ms=_PATIENCE_MS)
    try:
        await primary.open()
        await standby.open()
        async with standby.connection() as connection:
            if (horizon := await Horizons(primary).now()) is not None:
                await standby.wait_until(connection, horizon)
    except UnfitReplicaError as error:
        raise StartError(f"It cannot be read from: {error}.") from None
    except (KroError, asyncpg.PostgresError, asyncpg.InternalClientError, *UNREACHABLE) as error:
        raise StartError(f"It cannot be read from: {type(error).__name__}.") from None
    finally:
        await standby.close()
        await primary.close()
    return "a standby of this database, and up to date"
