"""Books against providers and banks."""

from pathlib import Path

from kro.core.database.scripts import run_script

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

SQL = Path(__file__).parent.parent / "sql"


def upgrade() -> None:
    run_script(SQL / "0009_reconciliation.sql")


def downgrade() -> None:
    run_script(SQL / "0009_reconciliation_down.sql")
