"""Holds that end with their order; reports about people, their identity and what is contested."""

from pathlib import Path

from kro.core.database.scripts import run_script

revision = "0034"
down_revision = "0033"
branch_labels = None
depends_on = None

SQL = Path(__file__).parent.parent / "sql"


def upgrade() -> None:
    run_script(SQL / "0034_closed_holds.sql")


def downgrade() -> None:
    run_script(SQL / "0034_closed_holds_down.sql")
