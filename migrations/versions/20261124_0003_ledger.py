"""The whole ledger: every account, roll-ups, corrections."""

from pathlib import Path

from kro.core.database.scripts import run_script

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

SQL = Path(__file__).parent.parent / "sql"


def upgrade() -> None:
    run_script(SQL / "0003_ledger.sql")


def downgrade() -> None:
    run_script(SQL / "0003_ledger_down.sql")
