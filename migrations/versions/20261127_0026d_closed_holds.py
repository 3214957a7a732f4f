"""Holds that end with their order; reports about people, their identity and what is contested."""

from pathlib import Path

from kro.core.database.scripts import run_script

revision = "0026d"
down_revision = "0025c"
branch_labels = None
depends_on = None

SQL = Path(__file__).parent.parent / "sql"


def upgrade() -> None:
    run_script(SQL / "0026d_closed_holds.sql")


def downgrade() -> None:
    run_script(SQL / "0026d_closed_holds_down.sql")
