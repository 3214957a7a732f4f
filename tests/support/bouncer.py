"""The real PgBouncer with the project's own file, in front of a server of the tests.

``KRO_PGBOUNCER`` names another one than the system's.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from urllib.parse import parse_qsl, urlsplit

import pytest

from kro.core.database.embedded.account import choose_account
from socket_crowd import ROOT, free_port

PGBOUNCER: Final = os.environ.get("KRO_PGBOUNCER") or shutil.which(
    "pgbouncer", path=f"{os.environ.get('PATH', '')}:/usr/sbin"
)
needs_pgbouncer: Final = pytest.mark.skipif(PGBOUNCER is None, reason="PgBouncer is not installed")
_PATIENCE: Final = 20.0


@dataclass(slots=True)
class Bouncer:
    """A PgBouncer, whose only database leads to wherever it is told."""

    folder: Path
    database: str
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None

    @property
    def address(self) -> str:
        """Where it is, without anybody's name and password."""
        return f"postgresql://127.0.0.1:{self.port}/{self.database}"

    def as_user(self, dsn: str) -> str:
        """Return the DSN of the same user through here."""
        login = urlsplit(dsn).netloc.rpartition("@")[0]
        return self.address.replace("://", f"://{login}@")

    def start(self) -> None:
        assert PGBOUNCER is not None
        with (self.folder / "pgbouncer.log").open("ab") as log:
            self.process = subprocess.Popen(
                [PGBOUNCER, self.folder / "pgbouncer.ini"], stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                cwd=self.folder, **choose_account(self.folder / "none").identity,
            )  # fmt: skip
        deadline = time.monotonic() + _PATIENCE
        while time.monotonic() < deadline and self.process.poll() is None:
            try:
                socket.create_connection(("127.0.0.1", self.port)).close()
            except OSError:
                time.sleep(0.02)
            else:
                return
        pytest.fail(f"PgBouncer does not answer\n{(self.folder / 'pgbouncer.log').read_text()[-2000:]}")

    def lead_to(self, dsn: str) -> None:
        """Write where the database is; a running one takes it with SIGHUP, as ``RELOAD`` does."""
        place, settings = urlsplit(dsn), self.folder / "pgbouncer.ini"
        query = dict(parse_qsl(place.query))
        host, port = place.hostname or query["host"], place.port or query["port"]
        lines = settings.read_text()
        line = f"{self.database} = host={host} port={port} dbname={self.database}"
        settings.write_text(re.sub(r"(?m)^\S+ = host=.*$", line, lines, count=1))
        if self.process is not None:
            self.process.send_signal(signal.SIGHUP)

    def kill(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()


@contextmanager
def pgbouncer(folder: Path, dsn: str, *, users: dict[str, str], **settings: int) -> Iterator[Bouncer]:
    """Run PgBouncer in front of the database a DSN leads to, by the project's file but for addresses and ``settings``.

    ``users`` are those who may log in, with their passwords. The folder has to be open to the account it runs as.
    """
    own = {"listen_addr": "127.0.0.1", "auth_file": folder / "users.txt", **settings}
    bouncer = Bouncer(folder, urlsplit(dsn).path.lstrip("/"))
    lines = (ROOT / "deploy" / "pgbouncer" / "pgbouncer.ini").read_text()
    for name, value in {**own, "listen_port": bouncer.port}.items():
        lines, found = re.subn(rf"(?m)^;?{name} = .*$", f"{name} = {value}", lines)
        assert found == 1, name
    (folder / "pgbouncer.ini").write_text(lines + "unix_socket_dir =\n")
    (folder / "users.txt").write_text("".join(f'"{name}" "{password}"\n' for name, password in users.items()))
    bouncer.lead_to(dsn)
    bouncer.start()
    try:
        yield bouncer
    finally:
        bouncer.kill()


def keeps_statements() -> bool:
    """Whether this one is of the kind that keeps prepared statements."""
    assert PGBOUNCER is not None
    told = subprocess.run([PGBOUNCER, "--version"], capture_output=True, text=True, check=True).stdout
    found = re.search(r"PgBouncer (\d+)\.(\d+)", told)
    assert found is not None, told
    return (int(found[1]), int(found[2])) >= (1, 21)
