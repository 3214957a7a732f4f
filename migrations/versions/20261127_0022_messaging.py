"""Texts by several vendors: attempts, delivery reports, spending and switches."""

from pathlib import Path

from kro.core.database.scripts import run_script

revision = "0022"
down_revision = "0020"
branch_labels = None
depends_on = None

SQL = Path(__file__).parent.parent / "sql"


def upgrade() -> None:
    run_script(SQL / "0022_messaging.sql")


def downgrade() -> None:
    run_script(SQL / "0022_messaging_down.sql")
