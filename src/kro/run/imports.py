"""Importing the program without what its libraries would take along for uses that are not ours."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from pydantic._internal._config import config_defaults

from kro.core.config import Settings
from kro.run.shared_methods import shared_methods

_UNUSED: Final = ("aiohttp", "requests", "websocket", "rich", "greenlet", "cryptography.x509", "opentelemetry.sdk")
"""What a client of Socket.IO needs, what draws tracebacks, with the values in them, for a terminal, what a logger looks
up its green thread by, and what a client of Redis measures itself with; telemetry is imported after the block."""
_SHARED: Final = ("redis", "valkey")


@contextmanager
def lean_imports(settings: Settings) -> Iterator[None]:
    """Have the block import as where these optional packages are not installed: in half the time, and lighter.

    What was imported before stays, and after the block they can be had by whoever asks for them.
    """
    unused = _UNUSED if settings.redis.url is not None else (*_UNUSED, *_SHARED)
    left_out = [name for name in unused if name not in sys.modules]
    # The import system takes an entry of None as a package that is not there.
    sys.modules.update(dict.fromkeys(left_out))  # type: ignore[arg-type] # documented, but not in the stubs
    try:
        with light_definitions():
            yield
    finally:
        for name in left_out:
            del sys.modules[name]


@contextmanager
def light_definitions() -> Iterator[None]:
    """Have the block's records and models cost little until they are used."""
    with shared_methods(), _models_built_when_used():
        yield


@contextmanager
def _models_built_when_used() -> Iterator[None]:
    """Have the block's models build their validators when they are first used, also those of libraries.

    What ``defer_build`` in a model's own configuration does; pydantic offers no other way to have it for all.
    """
    before = config_defaults["defer_build"]
    config_defaults["defer_build"] = True
    try:
        yield
    finally:
        config_defaults["defer_build"] = before
