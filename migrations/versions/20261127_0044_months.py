"""The audit log, the outbox and the ledger's entries are parted by month."""

from pathlib import Path

from kro.core.database.scripts import run_script

revision = "0044"
down_revision = "0043"
branch_labels = None
depends_on = None
# The program before knows nothing of months, and need not.
oldest_program = "0040"

SQL = Path(__file__).parent.parent / "sql"


def upgrade() -> None:
    run_script(SQL / "0044_months.sql")


def downgrade() -> None:
    run_script(SQL / "0044_months_down.sql")
