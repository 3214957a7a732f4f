"""How a process ends with the one that started it, even a killed one, and how it begins anew."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
import threading
import time
from typing import Final, NoReturn

_PR_SET_PDEATHSIG: Final = 1
_POLL_SECONDS: Final = 1.0


def end_with_parent(*, parent: int | None = None, number: signal.Signals = signal.SIGKILL) -> None:
    """Have this process receive a signal when its parent dies.

    :param parent: the process that is expected to be the parent; the present one when not given.
    """
    expected = os.getppid() if parent is None else parent
    armed = sys.platform == "linux" and ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, number) == 0
    # It may have died before the signal was armed; then nobody would ever send it.
    if os.getppid() != expected:
        os.kill(os.getpid(), number)
    if not armed:
        threading.Thread(target=_watch, args=(expected, number), daemon=True).start()


def begin_anew() -> NoReturn:
    """Put the same command in this process's place, under the same id: it reads code and files anew.

    Call it with nothing in hand: what this process has in memory and open is gone.
    """
    os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])  # noqa: S606 - ourselves, as we were started


def _watch(expected: int, number: signal.Signals) -> None:
    while os.getppid() == expected:
        time.sleep(_POLL_SECONDS)
    os.kill(os.getpid(), number)
