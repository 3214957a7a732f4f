"""The processes that `kro run` starts: their logs, their readiness, their end."""

from __future__ import annotations

import contextlib
import http.client
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from kro.run.errors import ChildStoppedError, NotReadyError

_READY_SECONDS: Final = 60.0
STOP_SECONDS: Final = 8.0
"""How long the children together may take to end before they are killed."""
_PAUSE_SECONDS: Final = 0.05
_ASK_SECONDS: Final = 2.0
_LAST_BYTES: Final = 4096


@dataclass(frozen=True, slots=True)
class Health:
    """Where a child says that it is ready."""

    host: str
    port: int
    path: str

    def is_good(self) -> bool:
        connection = http.client.HTTPConnection(self.host, self.port, timeout=_ASK_SECONDS)
        try:
            connection.request("GET", self.path)
            return connection.getresponse().status == http.client.OK
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()


@dataclass(slots=True)
class Child:
    """One process started from this interpreter; everything it prints goes to its log."""

    name: str
    arguments: tuple[str, ...]
    log: Path
    health: Health | None = None
    variables: Mapping[str, str] = field(default_factory=dict)
    process: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    def start(self) -> None:
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with contextlib.suppress(FileNotFoundError):
            self.log.replace(f"{self.log}.1")
        with self.log.open("wb") as log:
            # A session of its own: Ctrl-C reaches this process alone, which then stops the others in order.
            self.process = subprocess.Popen(  # noqa: S603 - our own modules under our own interpreter
                [sys.executable, "-m", *self.arguments, "--exit-with-parent", str(os.getpid())],
                env={**os.environ, **self.variables},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def require_running(self) -> None:
        """Make sure that it has not ended by itself.

        :raises ChildStoppedError: it has.
        """
        if self.process is not None and (code := self.process.poll()) is not None:
            raise ChildStoppedError(name=self.name, exit_code=code, last_words=self._last_words(), log=self.log)

    def is_ready(self) -> bool:
        return self.health is None or self.health.is_good()

    def _last_words(self) -> str:
        with contextlib.suppress(OSError):
            lines = self.log.read_bytes()[-_LAST_BYTES:].decode(errors="replace").splitlines()
            return next((line.strip() for line in reversed(lines) if line.strip()), "")
        return ""


def wait_until_ready(children: Iterable[Child], *, is_stopping: Callable[[], bool]) -> None:
    """Wait until every child answers its health check, or somebody asks to stop.

    :raises ChildStoppedError: one ended instead.
    :raises NotReadyError: one took too long.
    """
    waiting = everyone = list(children)
    deadline = time.monotonic() + _READY_SECONDS
    while waiting and not is_stopping():
        for child in everyone:
            child.require_running()
        waiting = [child for child in waiting if not child.is_ready()]
        if waiting and time.monotonic() > deadline:
            raise NotReadyError(name=waiting[0].name, seconds=_READY_SECONDS, log=waiting[0].log)
        time.sleep(_PAUSE_SECONDS if waiting else 0)


def stop_all(children: Iterable[Child], *, patience_seconds: float = STOP_SECONDS) -> None:
    """Ask every child to end, wait for them together, and kill the ones that do not."""
    running = [child.process for child in children if child.process is not None]
    for process in running:
        process.terminate()
    deadline = time.monotonic() + patience_seconds
    for process in running:
        try:
            process.wait(timeout=max(0.0, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
