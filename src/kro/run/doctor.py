"""`kro doctor`: what a start needs, looked at without starting anything."""

from __future__ import annotations

import asyncio
import http.client
import os
import platform
import sys
from collections.abc import Callable, Iterator
from typing import Final

import asyncpg
from rich.console import Console

from kro.core.config import Settings, check_config, load_settings
from kro.core.database.address import database_dsn
from kro.core.database.embedded import EmbeddedPostgresError, Role, find_binaries, running_cluster
from kro.core.database.failures import UNREACHABLE
from kro.core.database.startup import SCHEMA_REVISION, Facts, faults_by_check
from kro.core.errors import KroError
from kro.run.addresses import api_host
from kro.run.database import examine_database
from kro.run.errors import DatabaseUnreachableError, StartError
from kro.run.ports import require_free_port
from kro.run.replica import examine_replica

Finding = tuple[str, bool, str]

_SOUND: Final = {
    "durability": "what is committed survives a crash",
    "time": "UTC, and the same as here",
    "role": "the ledger is out of this program's reach",
    "triggers": "all are on",
    "session": "takes writes, within the configured time limits",
}
_ASK_SECONDS: Final = 5.0


def examine(console: Console) -> bool:
    """Print one line per check and tell whether all of them passed."""
    findings = list(_findings())
    for name, passed, detail in findings:
        mark = "[green]ok  [/]" if passed else "[red]FAIL[/]"
        console.print(f"{mark} {name}: {detail}", highlight=False, soft_wrap=True)
    return all(passed for _, passed, _ in findings)


def _findings() -> Iterator[Finding]:
    yield "Python", sys.version_info >= (3, 11), platform.python_version()
    report = check_config()
    yield "Configuration", report.is_usable, "; ".join(report.problems) or f"{report.environment} can be used"
    if not report.is_usable:
        return
    settings = load_settings()
    if settings.database.embedded:
        yield _try("PostgreSQL", _postgres)
    running = _is_running(settings)
    if running or not settings.database.embedded:
        yield from _database(settings)
    yield from _beside(settings)
    if running:
        yield "Already running", True, f"in {settings.database.folder}"
        return
    yield _try("API port", lambda: _api(settings))
    if settings.sandbox.enabled:
        yield _try("Sandbox port", lambda: _free("127.0.0.1", settings.sandbox.port, "KRO_SANDBOX_PORT"))


def _try(name: str, check: Callable[[], str]) -> Finding:
    try:
        return name, True, check()
    except KroError as error:
        return name, False, str(error)


def _postgres() -> str:
    binaries = find_binaries()
    return f"version {binaries.major} in {binaries.folder}"


def _database(settings: Settings) -> Iterator[Finding]:
    try:
        facts = examine_database(settings)
    except KroError as error:
        yield "Database", False, str(error)
        return
    yield "Database", True, f"answers to {facts.role}"
    yield _try("Database owner", lambda: asyncio.run(_owner(settings)))
    yield from _checks(facts)
    if settings.database.replica_url is not None:
        yield _try("Database replica", lambda: asyncio.run(examine_replica(settings.database)))


def _checks(facts: Facts) -> Iterator[Finding]:
    newer = f", newer than this program's {SCHEMA_REVISION} and fit for it" if facts.revision != SCHEMA_REVISION else ""
    sound = _SOUND | {"schema": f"revision {facts.revision}{newer}"}
    for check, faults in faults_by_check(facts, revision=SCHEMA_REVISION).items():
        yield f"Database {check}", not faults, "; ".join(faults) or sound[check]


async def _owner(settings: Settings) -> str:
    try:
        connection = await asyncpg.connect(database_dsn(settings.database, Role.OWNER), timeout=_ASK_SECONDS)
        try:
            return f"{await connection.fetchval('SELECT current_user')} can migrate"
        finally:
            await connection.close()
    except (asyncpg.PostgresError, *UNREACHABLE) as error:
        raise DatabaseUnreachableError(str(error) or type(error).__name__) from None


def _beside(settings: Settings) -> Iterator[Finding]:
    """Look at what is needed beside the database, where it is configured."""
    if settings.redis.url is not None:
        yield _try("Redis", lambda: asyncio.run(_redis(settings)))
    if settings.aws is None or settings.aws.bucket is None:
        yield _try("Files", lambda: _folder(settings))


async def _redis(settings: Settings) -> str:
    from redis.asyncio import Redis  # noqa: PLC0415 - only where it is used
    from redis.exceptions import RedisError  # noqa: PLC0415 - as above

    assert settings.redis.url is not None  # noqa: S101 - asked before
    client = Redis.from_url(settings.redis.url.get_secret_value(), socket_timeout=_ASK_SECONDS)
    try:
        await client.ping()
    except (RedisError, OSError) as error:
        raise StartError(f"It does not answer: {type(error).__name__}.") from None
    finally:
        await client.aclose()
    return "answers"


def _folder(settings: Settings) -> str:
    folder = settings.storage.folder
    # What does not exist is made; what counts is the nearest one that does.
    existing = next(place for place in (folder, *folder.absolute().parents) if place.exists())
    if not os.access(existing, os.W_OK | os.X_OK):
        raise StartError(f"{folder} cannot be written to.")
    return f"kept in {folder}"


def _api(settings: Settings) -> str:
    host, port = settings.app.api.host, settings.app.api.port
    if _answers(api_host(settings), port):
        return f"this API answers on {port}"
    return _free(host, port, "KRO_API_PORT")


def _answers(host: str, port: int) -> bool:
    connection = http.client.HTTPConnection(host, port, timeout=_ASK_SECONDS)
    try:
        connection.request("GET", "/health/live")
        return connection.getresponse().read() == b'{"status":"live"}'
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _free(host: str, port: int, variable: str) -> str:
    require_free_port(host, port, variable=variable)
    return f"{port} on {host} is free"


def _is_running(settings: Settings) -> bool:
    if not settings.database.embedded:
        return False
    try:
        running_cluster(settings.database.folder)
    except EmbeddedPostgresError:
        return False
    return True
