"""Receipts of texts move forward only, and waiting for news is no try of the outbox."""

from pathlib import Path

from kro.core.database.scripts import run_script

revision = "0038"
down_revision = "0037"
branch_labels = None
depends_on = None

SQL = Path(__file__).parent.parent / "sql"


def upgrade() -> None:
    run_script(SQL / "0038_text_receipts.sql")


def downgrade() -> None:
    run_script(SQL / "0038_text_receipts_down.sql")
