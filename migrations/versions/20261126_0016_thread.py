"""What the parties of an order say to each other, and what is known of them."""

from pathlib import Path

from kro.core.database.scripts import run_script

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

SQL = Path(__file__).parent.parent / "sql"


def upgrade() -> None:
    run_script(SQL / "0016_thread.sql")


def downgrade() -> None:
    run_script(SQL / "0016_thread_down.sql")
