"""Closing a listening socket without turning away a client that the kernel has let in already.

Closing one resets every connection that waits to be accepted, also when its request has been sent; a proxy cannot know
whether that request took effect, so it must not send it anywhere else. Before it is closed the socket therefore stops
taking part in new handshakes: whoever knocks then hears nothing, knocks again a second later, and is refused, which
every proxy understands. HAProxy was long reloaded behind a packet filter for the same reason.

Where a process may not do that, as in a container without privileges, it takes whoever waits and stops listening in the
same step, which leaves some microseconds instead of as long as a turn of the event loop takes.
"""

from __future__ import annotations

import contextlib
import ctypes
import socket
import struct
import sys
from collections.abc import Iterator
from typing import Final

from kro.core.telemetry import get_logger

_log = get_logger()

SETTLE_SECONDS: Final = 0.5
"""How long those who were let in may take to send their request; a proxy sends it at once."""

_SO_ATTACH_FILTER: Final = 26
_FLAGS: Final = 13
_SYN: Final = 0x02
_EVERYTHING: Final = 0xFFFFFFFF
# Classic BPF over the TCP header: load the byte of flags, drop the packet when it begins a handshake, else keep it.
_PROGRAM: Final = (
    (0x30, 0, 0, _FLAGS),
    (0x45, 0, 1, _SYN),
    (0x06, 0, 0, 0),
    (0x06, 0, 0, _EVERYTHING),
)


def let_nobody_in(listener: socket.socket) -> bool:
    """Have a TCP listener ignore new handshakes; begun ones complete and can be accepted.

    It holds for every process that shares the socket. ``False`` where the system has no such filter, or takes
    CAP_NET_ADMIN for it (as seen on Linux 6.18).
    """
    if sys.platform != "linux":
        return False
    program = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *step) for step in _PROGRAM))
    filter_ = struct.pack("HP", len(_PROGRAM), ctypes.addressof(program))
    try:
        listener.setsockopt(socket.SOL_SOCKET, _SO_ATTACH_FILTER, filter_)
    except OSError as error:
        _log.warning("newcomers_not_held_off", error_type=type(error).__name__)
        return False
    return True


def stop_listening(listener: socket.socket) -> Iterator[socket.socket]:
    """Yield every connection that waits on a TCP listener, and have it refuse all others from then on.

    The socket stays open, so that whoever watches it may close it later.
    """
    listener.setblocking(False)
    while True:
        try:
            accepted, _ = listener.accept()
        except ConnectionError:
            # It was let in, and has gone away since.
            continue
        except OSError:
            # Nobody waits any more, or no file is left for one: the process ends all the same.
            break
        yield accepted
    if sys.platform == "linux":
        # On a socket that listens this ends listening, and nothing else does without closing it under its watcher.
        with contextlib.suppress(OSError):
            listener.shutdown(socket.SHUT_RD)
