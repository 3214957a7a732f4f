"""One starter per folder, and taking over what a power cut left behind."""

from __future__ import annotations

import contextlib
import fcntl
import os
import sys
import time
from pathlib import Path
from typing import Final

from kro.core.database.embedded.errors import FolderInUseError

_PATIENCE_SECONDS: Final = 15.0
_DYING_SECONDS: Final = 0.5
"""How long a killed process may still look alive before the kernel has taken it down."""
_PAUSE_SECONDS: Final = 0.05
_PROC: Final = Path("/proc")


class FolderLock:
    """An advisory lock on a folder that names its holder.

    The supervisor inherits the descriptor, so the lock lasts until the server is really gone, even when the process
    that started it was killed.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._descriptor: int | None = None

    @property
    def descriptor(self) -> int:
        if self._descriptor is None:
            raise RuntimeError("the lock is not held")
        return self._descriptor

    def acquire(self) -> None:
        """Take the lock; wait only while the server of a dead holder is still going down.

        :raises FolderInUseError: a living process holds it.
        """
        descriptor = os.open(self._folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        started = time.monotonic()
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                pid, command = _read_holder(descriptor)
                alive = pid and command and command_of(pid) == command
                if time.monotonic() - started > (_DYING_SECONDS if alive else _PATIENCE_SECONDS):
                    os.close(descriptor)
                    raise FolderInUseError(self._folder, pid, command) from None
            time.sleep(_PAUSE_SECONDS)
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()}\n{command_of(os.getpid())}".encode(), 0)
        self._descriptor = descriptor

    def release(self) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None


def _read_holder(descriptor: int) -> tuple[int, str]:
    pid, _, command = os.pread(descriptor, 4096, 0).decode(errors="replace").partition("\n")
    return int(pid) if pid.isdigit() else 0, command


def command_of(pid: int) -> str:
    """Return the command line of a process, empty when it is gone or not told."""
    if pid == os.getpid() and not _PROC.is_dir():
        return " ".join(sys.argv)
    try:
        return (_PROC / str(pid) / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
    except OSError:
        return ""


def clear_stale_pid_file(data: Path) -> None:
    """Remove a ``postmaster.pid`` whose process number now belongs to something else.

    PostgreSQL takes over a file whose process is gone, checking shared memory for survivors; only a number that was
    given to another process since, as after a power cut, stops it. The caller holds the folder's lock.

    :raises FolderInUseError: a server started by somebody else runs on the data.
    """
    path = data / "postmaster.pid"
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while (pid := _recorded_pid(path)) and (survivor := _process_inside(data)):
        if time.monotonic() > deadline:
            raise FolderInUseError(data, survivor, command_of(survivor) or "postgres")
        time.sleep(_PAUSE_SECONDS)
    if pid and _PROC.is_dir() and (_PROC / str(pid)).exists():
        path.unlink(missing_ok=True)


def _recorded_pid(path: Path) -> int:
    try:
        return int(path.read_text().splitlines()[0])
    except (OSError, ValueError, IndexError):
        return 0


def _process_inside(data: Path) -> int:
    """Return a process whose working directory is the data folder, as that of every server process is, else 0."""
    if not _PROC.is_dir():
        return 0
    for entry in _PROC.iterdir():
        with contextlib.suppress(OSError):
            if entry.name.isdigit() and (entry / "cwd").samefile(data):
                return int(entry.name)
    return 0
