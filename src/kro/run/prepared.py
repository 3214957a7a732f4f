"""Remembers that a database was migrated and seeded by exactly this code, so that a later start need not ask again."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Final

from kro.core.config import Settings
from kro.core.database.embedded import Cluster

_ROOT: Final = Path(__file__).resolve().parents[3]
_SOURCES: Final = ("src/kro/**/*.py", "migrations/**/*.py", "migrations/**/*.sql")
_IDENTIFIER_BYTES: Final = 8


class Preparation:
    """A note beside an embedded database's data: which code and which demo people it was prepared for."""

    def __init__(self, cluster: Cluster, settings: Settings, *, root: Path = _ROOT) -> None:
        self._note = cluster.home / "prepared"
        self._wanted = _fingerprint(cluster, settings, root)

    def is_done(self) -> bool:
        return self._note.is_file() and self._note.read_text() == self._wanted

    def remember(self) -> None:
        self._note.write_text(self._wanted)


def _fingerprint(cluster: Cluster, settings: Settings, root: Path) -> str:
    found = hashlib.sha256(settings.demo.model_dump_json().encode())
    # The first bytes of this file are the cluster's own number: a database made anew has another.
    with (cluster.home / "data" / "global" / "pg_control").open("rb") as control:
        found.update(control.read(_IDENTIFIER_BYTES))
    for pattern in _SOURCES:
        for path in sorted(root.glob(pattern)):
            status = path.stat()
            found.update(f"{path} {status.st_size} {status.st_mtime_ns}\n".encode())
    return found.hexdigest()
