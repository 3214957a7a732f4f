"""What users see of their money over time."""

from pathlib import Path

from kro.core.database.scripts import run_script

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

SQL = Path(__file__).parent.parent / "sql"


def upgrade() -> None:
    run_script(SQL / "0004_statements.sql")


def downgrade() -> None:
    run_script(SQL / "0004_statements_down.sql")
