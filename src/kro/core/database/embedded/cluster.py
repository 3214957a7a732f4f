"""A running server and how to reach it."""

from __future__ import annotations

import json
import os
import secrets
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Final
from urllib.parse import quote, urlencode

from kro.core.database.embedded.errors import EmbeddedPostgresError

DATABASE: Final = "kro"
_FILE: Final = "cluster.json"
_PORT: Final = 5432
_PASSWORD_BYTES: Final = 24


class Role(StrEnum):
    """The server's login roles."""

    ADMIN = "postgres"
    """Superuser: sets the cluster up and creates test databases; the product never uses it."""
    OWNER = "kro_owner"
    """Owns the database and its schema, runs the migrations."""
    APP = "kro_app"
    """What the API and the worker log in as: owns nothing, may do what the migrations grant."""


@dataclass(frozen=True, slots=True)
class Cluster:
    """A server reached through a private unix socket: ``host`` is the folder the socket lies in."""

    home: Path
    """Where credentials, log and data are kept."""
    host: str
    port: int
    passwords: dict[Role, str] = field(repr=False)

    def dsn(self, role: Role, database: str = DATABASE) -> str:
        """Return a connection URL for libpq and asyncpg; it contains the password."""
        where = urlencode({"host": self.host, "port": self.port})
        return f"postgresql://{role}:{quote(self.passwords[role], safe='')}@/{quote(database)}?{where}"


def new_cluster(home: Path, *, host: Path) -> Cluster:
    """Return a cluster with freshly generated passwords; nothing is written."""
    passwords = {role: secrets.token_urlsafe(_PASSWORD_BYTES) for role in Role}
    return Cluster(home=home, host=str(host), port=_PORT, passwords=passwords)


def save_cluster(cluster: Cluster) -> None:
    """Write the way into a cluster to its home, readable by its owner alone."""
    path = cluster.home / _FILE
    partial = path.with_suffix(".partial")
    partial.unlink(missing_ok=True)
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        json.dump({"host": cluster.host, "port": cluster.port, "passwords": cluster.passwords}, file)
        file.flush()
        os.fsync(file.fileno())
    partial.replace(path)


def load_cluster(home: Path) -> Cluster:
    """Read the way into a cluster from its home, as another process of the same account does.

    :raises EmbeddedPostgresError: the file is missing or damaged; without it the data cannot be opened.
    """
    path = home / _FILE
    try:
        stored = json.loads(path.read_text())
        passwords = {role: str(stored["passwords"][role]) for role in Role}
        return Cluster(home=home, host=str(stored["host"]), port=int(stored["port"]), passwords=passwords)
    except (OSError, ValueError, KeyError, TypeError):
        raise EmbeddedPostgresError(
            f"The database's passwords in {path} cannot be read: restore that file, or remove {home} to start anew."
        ) from None
