from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol

from kro.core.telemetry import get_logger

if TYPE_CHECKING:
    from maxminddb import Reader

_LOG = get_logger()
_LOOK_AGAIN_SECONDS: Final = 60.0
_COUNTRY_LETTERS: Final = 2


class Atlas(Protocol):
    """Knows the country of an address, or does not."""

    def country_of(self, ip: str | None) -> str | None:
        """Return the ISO 3166-1 code such as ``NG``; ``None`` for private, unknown and malformed addresses."""
        ...


class EmptyAtlas:
    """Stands where no database is configured: every country is unknown."""

    def country_of(self, ip: str | None) -> str | None:  # noqa: ARG002 - what the interface asks
        """Return ``None``."""
        return None


class GeoFile:
    """Reads a MaxMind database file, mapped into memory, and takes a newer file of the same name within a minute.

    Both layouts that are handed out are understood: GeoIP2 and GeoLite2 (``country.iso_code``) and the flat one of
    the ip-location-db files (``country_code``). The file is found or not when it is asked; a missing or broken one is
    logged and makes countries unknown, because nobody may be locked out by it.
    """

    def __init__(self, path: Path, *, ticks: Callable[[], float] = time.monotonic) -> None:
        self._path = path
        self._ticks = ticks
        self._reader: Reader | None = None
        self._changed: int | None = None
        self._looked_at: float | None = None

    def country_of(self, ip: str | None) -> str | None:
        """Return the country the file names for an address."""
        reader = self._current()
        if reader is None or ip is None:
            return None
        try:
            found = reader.get(ip)
        except ValueError:
            # Not an address, or one of the sixth version in a file of the fourth.
            return None
        return _country(found)

    def _current(self) -> Reader | None:
        now = self._ticks()
        if self._looked_at is None or now - self._looked_at >= _LOOK_AGAIN_SECONDS:
            self._looked_at = now
            self._look()
        return self._reader

    def _look(self) -> None:
        import maxminddb  # noqa: PLC0415 - a server is ready without it, and may have no file

        try:
            changed = self._path.stat().st_mtime_ns
            if changed != self._changed:
                # The old reader is left to the garbage collector: another thread may be inside it.
                self._reader = maxminddb.open_database(self._path)
                self._changed = changed
        except (OSError, ValueError, maxminddb.InvalidDatabaseError) as error:
            _LOG.warning("geo_file_unreadable", error_type=type(error).__name__)


def open_atlas(path: Path | None) -> Atlas:
    """Return the atlas of a configured file, or the empty one."""
    return EmptyAtlas() if path is None else GeoFile(path)


def _country(found: object) -> str | None:
    if not isinstance(found, dict):
        return None
    nested = found.get("country")
    code = nested.get("iso_code") if isinstance(nested, dict) else found.get("country_code")
    return code.upper() if isinstance(code, str) and len(code) == _COUNTRY_LETTERS and code.isalpha() else None
