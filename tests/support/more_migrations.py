"""A copy of the migrations with more of them, run by a process that can be killed."""

from __future__ import annotations

import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from kro.core.database.migrate import head_revision, migrate, oldest_program, scripts
from kro.core.database.migrating import Limits, MigrationError

_ROOT: Final = Path(__file__).parents[2]
_SCRIPT: Final = '''"""Made by a test."""
from alembic import op

from kro.core.database.scripts import outside_a_transaction

revision = "{revision}"
down_revision = "{before}"
oldest_program = "{oldest}"


def upgrade() -> None:
    {up}


def downgrade() -> None:
    {down}
'''
_PROGRAM: Final = """
import sys
from pathlib import Path
from kro.core.database import migrate as m
m._PLACES = (Path(sys.argv[1]),)
m.migrate(sys.argv[2])
"""


@dataclass(slots=True)
class Migrations:
    folder: Path
    newest: str = field(default_factory=head_revision)

    def __post_init__(self) -> None:
        shutil.copytree(_ROOT / "migrations", self.folder, ignore=shutil.ignore_patterns("__pycache__"))

    def add(self, up: str, *, concurrently: bool = False, oldest: str | None = None, down: str = "") -> str:
        """Add a migration of one statement of SQL; return its revision."""
        revision = f"9{int(self.newest) % 1000 + 1:03}"
        around = "with outside_a_transaction(): " if concurrently else ""
        text = _SCRIPT.format(
            revision=revision, before=self.newest, oldest=oldest or head_revision(),
            up=f"{around}op.execute({up!r})", down=f"op.execute({down!r})",
        )  # fmt: skip
        (self.folder / "versions" / f"{revision}_more.py").write_text(text)
        self.newest = revision
        return revision

    def start(self, dsn: str) -> subprocess.Popen[str]:
        """Start migrating in a process of its own."""
        command = [sys.executable, "-c", _PROGRAM, str(self.folder), dsn]
        return subprocess.Popen(command, cwd=_ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)

    def run(self, dsn: str, *, tries: int = 10) -> str:
        """Migrate in this process; return what was said, nothing when it was done."""
        forget()
        try:
            migrate(dsn, limits=Limits(tries=tries))
        except MigrationError as error:
            return str(error)
        return ""


def forget() -> None:
    """Have the folder of migrations looked at again."""
    scripts.cache_clear()
    oldest_program.cache_clear()
