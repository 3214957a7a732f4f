"""Which row of the predecessor became what, so that an import can be repeated."""

from pathlib import Path

from kro.core.database.scripts import run_script

revision = "0045"
down_revision = "0044"
branch_labels = None
depends_on = None
# No program before knows the table, and none need to.
oldest_program = "0040"

SQL = Path(__file__).parent.parent / "sql"


def upgrade() -> None:
    run_script(SQL / "0045_import_records.sql")


def downgrade() -> None:
    run_script(SQL / "0045_import_records_down.sql")
