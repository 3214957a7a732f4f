"""How tables are parted by month, and what says that they can be."""

from pathlib import Path

from kro.core.database.scripts import run_script

revision = "0041"
down_revision = "0040"
branch_labels = None
depends_on = None
# The program before knows nothing of months, and need not.
oldest_program = "0040"

SQL = Path(__file__).parent.parent / "sql"


def upgrade() -> None:
    run_script(SQL / "0041_parting.sql")


def downgrade() -> None:
    run_script(SQL / "0041_parting_down.sql")
