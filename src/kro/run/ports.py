"""Telling whether a port is free before anything is started, and who holds it if not."""

from __future__ import annotations

import contextlib
import errno
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from kro.run.errors import PortTakenError, StartError

_LISTENING: Final = "0A"


def require_free_port(host: str, port: int, *, variable: str) -> None:
    """Make sure that we could listen there.

    :raises PortTakenError: somebody listens already; ``variable`` is what chooses another port.
    :raises StartError: the address is not ours or the port is forbidden.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
            # Two sockets may be bound with this option, but only one may listen.
            probe.listen(1)
        except PermissionError:
            raise StartError(f"Port {port} is reserved for root: choose another with {variable}.") from None
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise StartError(f"{host}:{port} cannot be listened on: {error.strerror}.") from None
            raise PortTakenError(host=host, port=port, holder=_holder(port), variable=variable) from None


def _holder(port: int) -> str:
    """Return ``process 123 (its command)``, empty when the system does not tell."""
    sockets = {f"socket:[{inode}]" for inode in _listening_inodes(port)}
    for entry in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if any(str(link.readlink()) in sockets for link in (entry / "fd").iterdir()):
                command = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
                return f"process {entry.name} ({command})"
    return ""


def _listening_inodes(port: int) -> Iterator[str]:
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        with contextlib.suppress(OSError):
            for line in Path(table).read_text().splitlines()[1:]:
                fields = line.split()
                if fields[3] == _LISTENING and int(fields[1].rpartition(":")[2], 16) == port:
                    yield fields[9]
