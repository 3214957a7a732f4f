"""Run one PostgreSQL server and end it when the process that asked for it ends, however that happens.

Run as a script with the standard library alone, so that it starts in milliseconds. Standard input is the lifeline: a
byte asks for an orderly stop, its end means that the parent is dead. Standard output tells the server's process
number once. The server's own end is seen as the end of its error stream, which every server process holds open.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import select
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Final, TypedDict

_PR_SET_PDEATHSIG: Final = 1
_LOG_BYTES: Final = 5_000_000
_CHUNK: Final = 65_536
_CLEANUP: Final = ".s.PGSQL.*"

# Seconds after which the next, harder signal follows; an orderly stop may finish a long checkpoint first.
_ORDERLY: Final = ((0.0, signal.SIGINT), (30.0, signal.SIGQUIT), (32.0, signal.SIGKILL))
_ORPHANED: Final = ((0.0, signal.SIGINT), (2.5, signal.SIGQUIT), (3.5, signal.SIGKILL))


class Task(TypedDict):
    """What the parent asks for, as JSON in the only argument; it holds no secret."""

    command: list[str]
    environment: dict[str, str]
    identity: dict[str, object]
    log: str
    sockets: str
    remove: list[str]


class BoundedLog:
    """A log file that never grows past two times its bound: one file and its predecessor."""

    def __init__(self, path: Path, *, bound: int = _LOG_BYTES) -> None:
        self._path = path
        self._bound = bound
        self._descriptor = self._open()

    def write(self, chunk: bytes) -> None:
        # A full disk must not stop the server from being supervised: then the log has a gap.
        with contextlib.suppress(OSError):
            if os.fstat(self._descriptor).st_size + len(chunk) > self._bound:
                os.close(self._descriptor)
                self._path.replace(f"{self._path}.1")
                self._descriptor = self._open()
            os.write(self._descriptor, chunk)

    def _open(self) -> int:
        return os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)


def start_server(task: Task) -> subprocess.Popen[bytes]:
    """Start the server so that it dies with this process too."""
    prctl = ctypes.CDLL(None).prctl if sys.platform == "linux" else None
    supervisor = os.getpid()

    def die_with_supervisor() -> None:
        # Changing the account clears this setting, and subprocess calls this after that. Immediate shutdown is safe
        # (the log replays) and sure. The parent may have died before the call, hence the check after it.
        if prctl is not None:
            prctl(_PR_SET_PDEATHSIG, signal.SIGQUIT)
        if os.getppid() != supervisor:
            os._exit(1)

    return subprocess.Popen(  # type: ignore[call-overload,no-any-return]  # noqa: S603 - the parent's own command
        task["command"],
        cwd="/",
        env=task["environment"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        preexec_fn=die_with_supervisor,  # noqa: PLW1509 - this process has one thread
        start_new_session=True,
        **task["identity"],
    )


def watch(server: subprocess.Popen[bytes], lifeline: int, log: BoundedLog) -> None:
    """Keep the log and wait for the server's end, which the lifeline may ask for."""
    if server.stderr is None:
        raise ValueError("the server's error stream is not piped")
    errors = server.stderr.fileno()
    waiting = {errors, lifeline}
    plan: list[tuple[float, signal.Signals]] = []
    while True:
        while plan and plan[0][0] <= time.monotonic():
            server.send_signal(plan.pop(0)[1])
        timeout = max(0.0, plan[0][0] - time.monotonic()) if plan else None
        ready, _, _ = select.select(waiting, [], [], timeout)
        if errors in ready:
            chunk = os.read(errors, _CHUNK)
            if not chunk:
                return
            log.write(chunk)
        if lifeline in ready:
            steps = _ORDERLY if os.read(lifeline, 1) else _ORPHANED
            plan = [(time.monotonic() + after, number) for after, number in steps]
            waiting.discard(lifeline)


def main() -> int:
    """Supervise the task given as JSON; exit with the server's own code."""
    task: Task = json.loads(sys.argv[1])
    log = BoundedLog(Path(task["log"]))
    server = start_server(task)
    sys.stdout.write(f"{server.pid}\n")
    sys.stdout.flush()
    watch(server, sys.stdin.fileno(), log)
    code = server.wait()
    sockets = Path(task["sockets"])
    with contextlib.suppress(OSError):
        for left_behind in sockets.glob(_CLEANUP):
            left_behind.unlink()
        sockets.rmdir()
    for folder in task["remove"]:
        shutil.rmtree(folder, ignore_errors=True)
    return abs(code)


if __name__ == "__main__":
    sys.exit(main())
