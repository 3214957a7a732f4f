"""The second factor of users, and the codes that prove again who asks."""

from pathlib import Path

from kro.core.database.scripts import run_script

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None

SQL = Path(__file__).parent.parent / "sql"


def upgrade() -> None:
    run_script(SQL / "0026_step_up.sql")


def downgrade() -> None:
    run_script(SQL / "0026_step_up_down.sql")
