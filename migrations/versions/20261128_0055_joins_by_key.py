"""A decision finds by key what its lists name, however many accounts there are."""

from pathlib import Path

from kro.core.database.scripts import run_script

revision = "0055"
down_revision = "0054"
branch_labels = None
depends_on = None
oldest_program = "0040"

SQL = Path(__file__).parent.parent / "sql"


def upgrade() -> None:
    run_script(SQL / "0055_joins_by_key.sql")


def downgrade() -> None:
    run_script(SQL / "0055_joins_by_key_down.sql")
