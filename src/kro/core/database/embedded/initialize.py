"""Making a new database folder: ``initdb``, the roles, and the empty database, or nothing at all."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Final

from kro.core.database.embedded.account import CLEAN_ENVIRONMENT, ServerAccount
from kro.core.database.embedded.binaries import Binaries
from kro.core.database.embedded.cluster import DATABASE, Cluster, Role
from kro.core.database.embedded.errors import EmbeddedPostgresError

_SECONDS: Final = 120
_BUILTIN_LOCALES_SINCE: Final = 17

# One statement per line: PostgreSQL's single-user mode reads them so. The schema of template1 is prepared, so every
# database made on this cluster starts with it.
_SET_UP: Final = """\
CREATE ROLE {owner} LOGIN CREATEDB PASSWORD '{owner_password}';
CREATE ROLE {app} LOGIN PASSWORD '{app_password}';
ALTER SCHEMA public OWNER TO {owner};
REVOKE ALL ON SCHEMA public FROM PUBLIC;
GRANT USAGE ON SCHEMA public TO {app};
CREATE DATABASE {database} OWNER {owner};
REVOKE ALL ON DATABASE {database} FROM PUBLIC;
GRANT CONNECT ON DATABASE {database} TO {app};
"""


def initialize(
    *, data: Path, cluster: Cluster, binaries: Binaries, account: ServerAccount, keep_open: tuple[int, ...]
) -> None:
    """Make the data folder with its roles and the empty database.

    It is built aside and renamed when whole, so a folder that exists is a finished one. ``keep_open`` descriptors
    (the folder's lock) go to the programs, so that a killed caller's successor waits for them.

    :raises EmbeddedPostgresError: a program failed; the message is its own.
    """
    partial = data.with_name("data.partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(mode=0o700)
    account.give(partial)
    with tempfile.TemporaryFile() as password:
        password.write(cluster.passwords[Role.ADMIN].encode())
        password.flush()
        password.seek(0)
        account.give(password.fileno())
        _run(_initdb(binaries, partial, password.fileno()), account, b"", (*keep_open, password.fileno()))
    script = _SET_UP.format(
        owner=Role.OWNER,
        owner_password=cluster.passwords[Role.OWNER],
        app=Role.APP,
        app_password=cluster.passwords[Role.APP],
        database=DATABASE,
    )
    single_user = [str(binaries.postgres), "--single", "-D", str(partial), "-c", "exit_on_error=true", "template1"]
    _run(single_user, account, script.encode(), keep_open)
    partial.rename(data)
    _sync(data.parent)


def _initdb(binaries: Binaries, data: Path, password: int) -> list[str]:
    locale = ["--locale=C"]
    if binaries.major >= _BUILTIN_LOCALES_SINCE:
        locale += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
    return [
        str(binaries.initdb),
        f"--pgdata={data}",
        f"--username={Role.ADMIN}",
        # The password goes through an inherited descriptor: it is never in a file with a name or in an argument.
        f"--pwfile=/dev/fd/{password}",
        "--auth=scram-sha-256",
        "--encoding=UTF8",
        "--data-checksums",
        *locale,
    ]


def _run(command: list[str], account: ServerAccount, script: bytes, keep_open: tuple[int, ...]) -> None:
    try:
        subprocess.run(  # noqa: S603 - our own programs with our own arguments, no shell
            command,
            cwd="/",
            env=CLEAN_ENVIRONMENT,
            input=script,
            capture_output=True,
            timeout=_SECONDS,
            check=True,
            pass_fds=keep_open,
            **account.identity,
        )
    except subprocess.CalledProcessError as failed:
        complaint = failed.stderr.decode(errors="replace").strip().splitlines() or ["no message"]
        raise EmbeddedPostgresError(f"{Path(command[0]).name} failed: {complaint[-1]}.") from None


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
