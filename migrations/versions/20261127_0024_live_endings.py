"""Whoever may not stay connected is told to the socket servers, whichever statement decided it."""

from pathlib import Path

from kro.core.database.scripts import run_script

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

SQL = Path(__file__).parent.parent / "sql"


def upgrade() -> None:
    run_script(SQL / "0024_live_endings.sql")


def downgrade() -> None:
    run_script(SQL / "0024_live_endings_down.sql")
