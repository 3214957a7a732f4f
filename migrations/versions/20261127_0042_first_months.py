"""Everything there is belongs into the first months."""

from pathlib import Path

from kro.core.database.scripts import run_script

revision = "0042"
down_revision = "0041"
branch_labels = None
depends_on = None
# The program before knows nothing of months, and need not.
oldest_program = "0040"

SQL = Path(__file__).parent.parent / "sql"


def upgrade() -> None:
    run_script(SQL / "0042_first_months.sql")


def downgrade() -> None:
    """Leave the constraints: that they hold is no change of the schema."""
