"""The other server: installed and built when it has to be, and run as a process of its own."""

from __future__ import annotations

import base64
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final

import orjson

from benchmarks.processes import is_healthy
from kro.bootstrap.identity import token_world
from kro.core.actor import ActorKind
from kro.core.config import Settings
from kro.core.database.embedded import Cluster, Role

FOLDER: Final = Path(__file__).parent / "nest"
_INSTALLED: Final = FOLDER / "node_modules" / ".package-lock.json"
_BUILT: Final = FOLDER / "dist" / "main.js"
_START_SECONDS: Final = 60.0
_STOP_SECONDS: Final = 10.0


class Store(StrEnum):
    """How the server writes rows and reads orders: ``src/store.ts`` has both ways."""

    LEAN = "lean"
    IDIOMATIC = "idiomatic"


def missing() -> str | None:
    """Return why the server cannot be built on this machine; ``None`` when it can."""
    absent = [name for name in ("node", "npm") if shutil.which(name) is None]
    return f"There is no {' and no '.join(absent)} here: install Node.js 20 or newer with npm." if absent else None


def is_installed() -> bool:
    """Whether the packages of the lock file are there, in its versions."""
    if not _INSTALLED.exists():
        return False
    locked, found = (orjson.loads(path.read_bytes())["packages"] for path in (FOLDER / "package-lock.json", _INSTALLED))
    needed = {name: one["version"] for name, one in locked.items() if name and not one.get("optional")}
    return all(found.get(name, {}).get("version") == version for name, version in needed.items())


def build() -> None:
    """Install the packages of the lock file and compile, each when it was not done since the last change.

    :raises RuntimeError: with what the failing command said.
    """
    if not is_installed():
        _npm("ci", "--ignore-scripts", "--no-audit", "--no-fund")
    sources = (*FOLDER.glob("src/*.ts"), FOLDER / "tsconfig.json", _INSTALLED)
    if not _BUILT.exists() or any(path.stat().st_mtime > _BUILT.stat().st_mtime for path in sources):
        _npm("run", "build")


@dataclass(frozen=True, slots=True)
class Server:
    """Its port, a folder for its log, its database, the configuration whose keys it shares, and how it stores."""

    cluster: Cluster
    port: int
    folder: Path
    database: str
    settings: Settings
    store: Store

    def environment(self) -> dict[str, str]:
        """Return its whole configuration: the product's keys, users' tokens and size of the pool."""
        world = token_world(ActorKind.USER, self.settings.jwt.user)
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("KRO_", "NODE_"))}
        return kept | {
            "NODE_ENV": "production",
            "PORT": str(self.port),
            "STORE": self.store.value,
            "DATABASE_HOST": self.cluster.host,
            "DATABASE_PORT": str(self.cluster.port),
            "DATABASE_USERNAME": Role.OWNER.value,
            "DATABASE_PASSWORD": self.cluster.passwords[Role.OWNER],
            "DATABASE_NAME": self.database,
            "DATABASE_POOL_SIZE": str(self.settings.database.pool_size),
            "JWT_KEY": base64.b64encode(world.keys[world.signing_kid]).decode(),
            "JWT_ISSUER": world.issuer,
            "JWT_AUDIENCE": world.audience,
            "PAYSTACK_SECRET_KEY": self.settings.paystack.secret_key.get_secret_value(),
        }


@contextmanager
def served(server: Server) -> Iterator[int]:
    """Run the built server, healthy; yields its process id.

    :raises RuntimeError: when it does not become so, with what it said.
    """
    log = server.folder / f"{server.store}.log"
    with log.open("ab") as file:
        process = subprocess.Popen(  # noqa: S603 - our own program
            [_program("node"), str(_BUILT)],
            env=server.environment(),
            cwd=FOLDER,
            stdout=file,
            stderr=subprocess.STDOUT,
        )
        try:
            until = time.monotonic() + _START_SECONDS
            while not is_healthy(server.port):
                if process.poll() is not None or time.monotonic() > until:
                    raise RuntimeError(log.read_text()[-2000:])
                time.sleep(0.1)
            yield process.pid
        finally:
            process.terminate()
            try:
                process.wait(timeout=_STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _npm(*arguments: str) -> None:
    done = subprocess.run(  # noqa: S603 - npm with our arguments
        [_program("npm"), *arguments], cwd=FOLDER, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise RuntimeError((done.stdout + done.stderr)[-3000:])


def _program(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        raise RuntimeError(missing())
    return found
