"""When a worker may be asked to begin anew, which SIGHUP does."""

from __future__ import annotations

import signal


def hold_renewals() -> None:
    """Have SIGHUP wait until it is let in: one that comes before there is a handler would end the process."""
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGHUP})


def admit_renewals() -> None:
    """Let SIGHUP in, and one that has waited."""
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGHUP})
