"""Old months of the audit log may leave it once files hold them."""

from pathlib import Path

from kro.core.database.scripts import run_script

revision = "0051"
down_revision = "0050"
branch_labels = None
depends_on = None
# The program before finds nothing missing as long as nothing was detached.
oldest_program = "0040"

SQL = Path(__file__).parent.parent / "sql"


def upgrade() -> None:
    run_script(SQL / "0051_detached_months.sql")


def downgrade() -> None:
    run_script(SQL / "0051_detached_months_down.sql")
