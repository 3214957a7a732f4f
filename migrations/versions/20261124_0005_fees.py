"""Fees and taxes as dated rules."""

from pathlib import Path

from kro.core.database.scripts import run_script

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

SQL = Path(__file__).parent.parent / "sql"


def upgrade() -> None:
    run_script(SQL / "0005_fees.sql")


def downgrade() -> None:
    run_script(SQL / "0005_fees_down.sql")
