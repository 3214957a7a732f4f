"""Ways into an account and out of it: codes and links by mail, changes of address, closing, exports."""

from pathlib import Path

from kro.core.database.scripts import run_script

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

SQL = Path(__file__).parent.parent / "sql"


def upgrade() -> None:
    run_script(SQL / "0023_accounts.sql")


def downgrade() -> None:
    run_script(SQL / "0023_accounts_down.sql")
