"""Backfills remember how far they came."""

from pathlib import Path

from kro.core.database.scripts import run_script

revision = "0046"
down_revision = "0045"
branch_labels = None
depends_on = None
# The program before fills nothing.
oldest_program = "0040"

SQL = Path(__file__).parent.parent / "sql"


def upgrade() -> None:
    run_script(SQL / "0046_backfills.sql")


def downgrade() -> None:
    run_script(SQL / "0046_backfills_down.sql")
