"""What waits for people, counted; and messages that somebody decided not to send."""

from pathlib import Path

from kro.core.database.scripts import run_script

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None

SQL = Path(__file__).parent.parent / "sql"


def upgrade() -> None:
    run_script(SQL / "0031_queues.sql")


def downgrade() -> None:
    run_script(SQL / "0031_queues_down.sql")
