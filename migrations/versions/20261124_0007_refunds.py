"""Refunds to the balance and to their source."""

from pathlib import Path

from kro.core.database.scripts import run_script

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

SQL = Path(__file__).parent.parent / "sql"


def upgrade() -> None:
    run_script(SQL / "0007_refunds.sql")


def downgrade() -> None:
    run_script(SQL / "0007_refunds_down.sql")
