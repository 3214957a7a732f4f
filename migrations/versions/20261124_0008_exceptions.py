"""Chargebacks, debts, suspense and adjustments."""

from pathlib import Path

from kro.core.database.scripts import run_script

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

SQL = Path(__file__).parent.parent / "sql"


def upgrade() -> None:
    run_script(SQL / "0008_exceptions.sql")


def downgrade() -> None:
    run_script(SQL / "0008_exceptions_down.sql")
