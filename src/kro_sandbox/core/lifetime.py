"""Ends with the process that started it, even when that one is killed."""

import ctypes
import os
import signal
import sys
import threading
import time

_PR_SET_PDEATHSIG = 1
_POLL_SECONDS = 1.0


def exit_with_parent(*, parent: int | None = None) -> None:
    """Make the kernel end this process when its parent dies.

    :param parent: the process id that is expected to be the parent; the present one when not given.
    """
    expected = os.getppid() if parent is None else parent
    if sys.platform == "linux":
        libc = ctypes.CDLL(None, use_errno=True)
        armed = libc.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0) == 0
    else:
        armed = False
    # The parent may have died before the signal was armed; then nobody would ever send it.
    if os.getppid() != expected:
        sys.exit("The process that started the sandbox is gone.")
    if not armed:
        threading.Thread(target=_watch, args=(expected,), daemon=True).start()


def _watch(expected: int) -> None:
    while os.getppid() == expected:
        time.sleep(_POLL_SECONDS)
    os.kill(os.getpid(), signal.SIGTERM)
