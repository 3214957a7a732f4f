"""The terms of a new order are written by a statement that is planned once."""

from pathlib import Path

from kro.core.database.scripts import run_script

revision = "0052"
down_revision = "0051"
branch_labels = None
depends_on = None
oldest_program = "0040"

SQL = Path(__file__).parent.parent / "sql"


def upgrade() -> None:
    run_script(SQL / "0052_terms_planned_once.sql")


def downgrade() -> None:
    run_script(SQL / "0052_terms_planned_once_down.sql")
