"""Two persons for large decisions and for the end of a hold; indexes and doors for those who look at disputes."""

from pathlib import Path

from kro.core.database.scripts import run_script

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

SQL = Path(__file__).parent.parent / "sql"


def upgrade() -> None:
    run_script(SQL / "0019_disputes.sql")


def downgrade() -> None:
    run_script(SQL / "0019_disputes_down.sql")
