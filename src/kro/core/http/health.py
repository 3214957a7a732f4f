"""Tells an orchestrator whether the process is alive and whether to send it requests."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Final

from starlette.responses import Response

from kro.core.errors import FieldError
from kro.core.http.errors import NotReadyError
from kro.core.http.lazy import Router
from kro.core.http.problems import problems
from kro.core.http.replies import JSONBytes
from kro.core.telemetry import get_logger

Check = Callable[[], Awaitable[object]]
"""Returns when its part of the system works and raises when it does not."""

_log = get_logger()
_SECONDS: Final = 2.0


def health_router(checks: Mapping[str, Check]) -> Router:
    """Build ``/health/live`` and ``/health/ready``; the names of the checks are public, their errors are not."""
    router = Router(prefix="/health", tags=["health"])

    @router.get("/live")
    async def live() -> Response:
        """Tell that the process answers; looks at nothing else."""
        return JSONBytes(b'{"status":"live"}')

    @router.get("/ready", responses=problems(NotReadyError))
    async def ready() -> Response:
        """Tell whether everything this process needs works."""
        results = await asyncio.gather(*(_passes(name, check) for name, check in checks.items()))
        failed = [name for name, passed in zip(checks, results, strict=True) if not passed]
        if failed:
            raise NotReadyError(errors=tuple(FieldError(f"check:{name}", "failed", "Failed.") for name in failed))
        return JSONBytes(b'{"status":"ready"}')

    return router


async def _passes(name: str, check: Check) -> bool:
    try:
        async with asyncio.timeout(_SECONDS):
            await check()
    except Exception as error:  # noqa: BLE001 - a failing check is an answer here, whatever its reason
        _log.warning("health_check_failed", check=name, error_type=type(error).__name__)
        return False
    return True
