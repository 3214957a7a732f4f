"""A decision finds what it changes by key, whatever the planner thinks of the size of its document."""

from pathlib import Path

from kro.core.database.scripts import run_script

revision = "0040"
down_revision = "0039"
branch_labels = None
depends_on = None

SQL = Path(__file__).parent.parent / "sql"


def upgrade() -> None:
    run_script(SQL / "0040_writes_by_key.sql")


def downgrade() -> None:
    run_script(SQL / "0040_writes_by_key_down.sql")
