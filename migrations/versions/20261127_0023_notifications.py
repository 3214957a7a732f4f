"""Inboxes and what people choose; receipts for every notice and channel; what mail vendors tell of mailboxes."""

from pathlib import Path

from kro.core.database.scripts import run_script

revision = "0023"
down_revision = "0025b"
branch_labels = None
depends_on = None

SQL = Path(__file__).parent.parent / "sql"


def upgrade() -> None:
    run_script(SQL / "0023_notifications.sql")


def downgrade() -> None:
    run_script(SQL / "0023_notifications_down.sql")
