"""Reports of taxes name the months in which nothing moved."""

from pathlib import Path

from kro.core.database.scripts import run_script

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

SQL = Path(__file__).parent.parent / "sql"


def upgrade() -> None:
    run_script(SQL / "0012_quiet_months.sql")


def downgrade() -> None:
    run_script(SQL / "0012_quiet_months_down.sql")
