"""Payouts with limits, automatic approval and history."""

from pathlib import Path

from kro.core.database.scripts import run_script

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

SQL = Path(__file__).parent.parent / "sql"


def upgrade() -> None:
    run_script(SQL / "0006_payouts.sql")


def downgrade() -> None:
    run_script(SQL / "0006_payouts_down.sql")
