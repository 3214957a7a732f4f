"""Calls to providers, remembered for support and for the health of each operation."""

from pathlib import Path

from kro.core.database.scripts import run_script

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

SQL = Path(__file__).parent.parent / "sql"


def upgrade() -> None:
    run_script(SQL / "0010_outgoing_calls.sql")


def downgrade() -> None:
    run_script(SQL / "0010_outgoing_calls_down.sql")
