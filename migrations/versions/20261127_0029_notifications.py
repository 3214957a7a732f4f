"""Inboxes and what people choose; receipts for every notice and channel; what mail vendors tell of mailboxes."""

from pathlib import Path

from kro.core.database.scripts import run_script

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None

SQL = Path(__file__).parent.parent / "sql"


def upgrade() -> None:
    run_script(SQL / "0029_notifications.sql")


def downgrade() -> None:
    run_script(SQL / "0029_notifications_down.sql")
