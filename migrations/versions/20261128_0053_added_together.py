"""Commands that only add rows may be written together, each with its answer."""

from pathlib import Path

from kro.core.database.scripts import run_script

revision = "0053"
down_revision = "0052"
branch_labels = None
depends_on = None
oldest_program = "0040"

SQL = Path(__file__).parent.parent / "sql"


def upgrade() -> None:
    run_script(SQL / "0053_added_together.sql")


def downgrade() -> None:
    run_script(SQL / "0053_added_together_down.sql")
