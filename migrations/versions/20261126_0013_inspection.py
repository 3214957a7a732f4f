"""What a buyer may do while inspecting: take more time, ask for changes, pay a part."""

from pathlib import Path

from kro.core.database.scripts import run_script

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

SQL = Path(__file__).parent.parent / "sql"


def upgrade() -> None:
    run_script(SQL / "0013_inspection.sql")


def downgrade() -> None:
    run_script(SQL / "0013_inspection_down.sql")
