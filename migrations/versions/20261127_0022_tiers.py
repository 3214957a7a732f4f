"""What each verification tier may do, as dated rules."""

from pathlib import Path

from kro.core.database.scripts import run_script

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

SQL = Path(__file__).parent.parent / "sql"


def upgrade() -> None:
    run_script(SQL / "0022_tiers.sql")


def downgrade() -> None:
    run_script(SQL / "0022_tiers_down.sql")
