"""What each verification tier may do, as dated rules."""

from pathlib import Path

from kro.core.database.scripts import run_script

revision = "0025"
down_revision = "0026"
branch_labels = None
depends_on = None

SQL = Path(__file__).parent.parent / "sql"


def upgrade() -> None:
    run_script(SQL / "0025_tiers.sql")


def downgrade() -> None:
    run_script(SQL / "0025_tiers_down.sql")
