"""Sanctions lists, who on them looks like a user, and frozen accounts."""

from pathlib import Path

from kro.core.database.scripts import run_script

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None

SQL = Path(__file__).parent.parent / "sql"


def upgrade() -> None:
    run_script(SQL / "0033_sanctions.sql")


def downgrade() -> None:
    run_script(SQL / "0033_sanctions_down.sql")
