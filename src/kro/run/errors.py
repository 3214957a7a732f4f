"""What can keep things from starting; each is one sentence for the person at the terminal."""

from __future__ import annotations

from pathlib import Path

from kro.core.errors import ErrorKind, KroError


class StartError(KroError):
    """It cannot start."""

    kind = ErrorKind.OVERLOADED
    code = "start_failed"


class PortTakenError(StartError):
    """Something else listens on the port."""

    code = "port_taken"

    def __init__(self, *, host: str, port: int, holder: str, variable: str) -> None:
        by = f" by {holder}" if holder else ""
        super().__init__(f"Port {port} on {host} is already taken{by}: stop that, or choose another with {variable}.")


class NotForStrangersError(StartError):
    """Development only."""

    code = "not_for_this_environment"

    def __init__(self, environment: str) -> None:
        super().__init__(
            f"`kro run` seeds demo accounts and starts stand-ins, so it refuses the {environment} environment: "
            f"use `kro migrate`, `kro serve` and `kro worker` there."
        )


class DatabaseUnreachableError(StartError):
    """The database does not answer."""

    code = "database_unreachable"

    def __init__(self, reason: str) -> None:
        super().__init__(f"The database cannot be used: {reason.rstrip('.')}.")


class ChildStoppedError(StartError):
    """One of the processes ended by itself, so the others were stopped too."""

    code = "child_stopped"

    def __init__(self, *, name: str, exit_code: int, last_words: str, log: Path) -> None:
        super().__init__(
            f"The {name} stopped with exit code {exit_code}, so everything was stopped; "
            f"its last words were: {last_words or 'none'} (log: {log})."
        )


class NotReadyError(StartError):
    """A process did not become ready in time."""

    code = "not_ready"

    def __init__(self, *, name: str, seconds: float, log: Path) -> None:
        super().__init__(f"The {name} was not ready after {seconds:.0f} seconds (log: {log}).")
