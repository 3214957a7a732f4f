"""Which operating-system account runs the server, and what that account can reach."""

from __future__ import annotations

import os
import pwd
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypedDict

from kro.core.database.embedded.errors import NoServerAccountError

_PREFERRED: Final = ("postgres", "nobody")
_PROBE_SECONDS: Final = 20

CLEAN_ENVIRONMENT: Final = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C", "TZ": "UTC"}
"""All that PostgreSQL's programs see: no PG* variable and no secret of the caller changes what they do."""


class Identity(TypedDict, total=False):
    """The arguments that make ``subprocess`` change the account."""

    user: int
    group: int
    extra_groups: list[int]


@dataclass(frozen=True, slots=True)
class ServerAccount:
    """The account the server runs as; ``drops_root`` says that it is another one than ours."""

    uid: int
    gid: int
    drops_root: bool

    @property
    def identity(self) -> Identity:
        return Identity(user=self.uid, group=self.gid, extra_groups=[]) if self.drops_root else Identity()

    def give(self, path: Path | int) -> None:
        """Hand a path or an open file that we made over to the account."""
        if self.drops_root:
            os.chown(path, self.uid, self.gid)

    def can_enter(self, folder: Path) -> bool:
        """Tell whether the account can reach a folder; asked of the kernel, so that access lists count too."""
        return self._succeeds("/bin/sh", "-c", 'cd -- "$1"', "sh", str(folder))

    def can_run(self, program: Path) -> bool:
        """Tell whether the account can reach and execute a program."""
        return self._succeeds(str(program), "--version")

    def _succeeds(self, *command: str) -> bool:
        try:
            done = subprocess.run(  # noqa: S603 - the arguments are ours and no shell expands them
                command,
                cwd="/",
                env=CLEAN_ENVIRONMENT,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=_PROBE_SECONDS,
                check=False,
                **self.identity,
            )
        except OSError:
            return False
        return done.returncode == 0


def choose_account(data: Path, *, names: tuple[str, ...] = _PREFERRED) -> ServerAccount:
    """Choose the account that runs the server for a data folder.

    An ordinary user is that account. Root, which PostgreSQL refuses, becomes the owner of existing data, else
    ``postgres``, else ``nobody``. No account is ever created.

    :raises NoServerAccountError: root, and none of them exists.
    """
    if os.geteuid() != 0:
        return ServerAccount(uid=os.geteuid(), gid=os.getegid(), drops_root=False)
    if data.exists() and (owner := data.stat()).st_uid != 0:
        return ServerAccount(uid=owner.st_uid, gid=owner.st_gid, drops_root=True)
    for name in names:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        if entry.pw_uid != 0:
            return ServerAccount(uid=entry.pw_uid, gid=entry.pw_gid, drops_root=True)
    raise NoServerAccountError
