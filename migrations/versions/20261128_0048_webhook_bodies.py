"""What providers sent is kept by the month, beside what is kept of it for good."""

from pathlib import Path

from kro.core.database.scripts import run_script

revision = "0048"
down_revision = "0047"
branch_labels = None
depends_on = None
# The program before writes bodies where it did, and never reads them.
oldest_program = "0040"

SQL = Path(__file__).parent.parent / "sql"


def upgrade() -> None:
    run_script(SQL / "0048_webhook_bodies.sql")


def downgrade() -> None:
    run_script(SQL / "0048_webhook_bodies_down.sql")
