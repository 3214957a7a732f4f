"""Texts by several vendors: attempts, delivery reports, spending and switches."""

from pathlib import Path

from kro.core.database.scripts import run_script

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None

SQL = Path(__file__).parent.parent / "sql"


def upgrade() -> None:
    run_script(SQL / "0027_messaging.sql")


def downgrade() -> None:
    run_script(SQL / "0027_messaging_down.sql")
