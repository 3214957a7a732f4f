from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

import asyncpg

from kro.bootstrap import Application, build
from kro.core.config import Settings
from kro.run.errors import DatabaseUnreachableError

T = TypeVar("T")


def with_application(settings: Settings, work: Callable[[Application], Awaitable[T]]) -> T:
    """Do one piece of work with the whole program, opened for it and closed after it.

    :raises DatabaseUnreachableError: when the database does not answer or refuses us.
    """

    async def opened() -> T:
        application = build(settings)
        try:
            await application.open()
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, TimeoutError) as error:
            raise DatabaseUnreachableError(str(error) or type(error).__name__) from error
        try:
            return await work(application)
        finally:
            await application.close()

    return asyncio.run(opened())
