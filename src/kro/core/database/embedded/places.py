"""Where an embedded server keeps its data and its socket."""

from __future__ import annotations

import contextlib
import hashlib
import os
from pathlib import Path

from kro.core.database.embedded.account import ServerAccount, choose_account
from kro.core.database.embedded.errors import FolderNotOursError


def home_of(folder: Path, state: Path) -> tuple[Path, ServerAccount]:
    """Return the folder, or its stand-in below ``state`` when the server's account cannot reach it, and the account."""
    account = choose_account(folder / "data")
    if not account.drops_root or account.can_enter(folder):
        return folder, account
    home = state / _fingerprint(folder)
    return home, choose_account(home / "data")


def _fingerprint(path: Path) -> str:
    return hashlib.sha256(os.fsencode(path)).hexdigest()[:12]


def make_folder(folder: Path) -> None:
    """Make a folder that others may pass through, for it holds a private one; what exists is left as it is."""
    if not folder.exists():
        folder.parent.mkdir(parents=True, exist_ok=True)
        folder.mkdir()
        folder.chmod(0o755)


def socket_folder(home: Path) -> Path:
    """Return the folder for a server's socket: short, and always the same for the same home."""
    # A socket's path has room for 107 bytes, so it cannot lie in the folder itself. /run belongs to root alone.
    if os.geteuid() == 0 and os.access("/run", os.W_OK):
        return Path("/run") / f"kro-{_fingerprint(home)}"
    return Path("/tmp") / f"kro-{os.geteuid()}-{_fingerprint(home)}"  # noqa: S108 - its owner and mode are checked


def make_socket_folder(folder: Path, account: ServerAccount) -> Path:
    """Make the socket's folder for the account alone.

    :raises FolderNotOursError: something else lies there already.
    """
    with contextlib.suppress(FileExistsError):
        folder.mkdir(mode=0o700)
        account.give(folder)
    found = folder.lstat()
    if folder.is_symlink() or found.st_uid != account.uid or found.st_mode & 0o077:
        raise FolderNotOursError(folder)
    return folder
