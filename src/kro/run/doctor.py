"""`kro doctor`: what a start needs, looked at without starting anything."""

from __future__ import annotations

import platform
import sys
from collections.abc import Callable, Iterator

from rich.console import Console

from kro.core.config import Settings, check_config, load_settings
from kro.core.database.embedded import EmbeddedPostgresError, find_binaries, running_cluster
from kro.core.database.startup import SCHEMA_REVISION
from kro.core.errors import KroError
from kro.run.database import require_sound_database
from kro.run.ports import require_free_port

Finding = tuple[str, bool, str]


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
        yield _try("Database", lambda: _database(settings))
    if running:
        yield "Already running", True, f"in {settings.database.folder}"
        return
    api = settings.app.api
    yield _try("API port", lambda: _free(api.host, api.port, "KRO_API_PORT"))
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


def _database(settings: Settings) -> str:
    require_sound_database(settings)
    return f"revision {SCHEMA_REVISION}, durable, and its ledger out of this program's reach"


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
