"""How admins are invited, and get a new authenticator."""

from pathlib import Path

from kro.core.database.scripts import run_script

revision = "0036"
down_revision = "0035"
branch_labels = None
depends_on = None

SQL = Path(__file__).parent.parent / "sql"


def upgrade() -> None:
    run_script(SQL / "0036_admin_enrolments.sql")


def downgrade() -> None:
    run_script(SQL / "0036_admin_enrolments_down.sql")
