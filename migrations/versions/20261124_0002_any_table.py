"""Decisions may write any table the application role has rights on."""

from pathlib import Path

from kro.core.database.scripts import run_script

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

SQL = Path(__file__).parent.parent / "sql"


def upgrade() -> None:
    run_script(SQL / "0002_any_table.sql")


def downgrade() -> None:
    run_script(SQL / "0002_any_table_down.sql")
