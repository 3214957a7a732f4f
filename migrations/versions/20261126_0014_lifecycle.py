"""The whole contract of an order: terms that change, milestones, holds and disagreements."""

from pathlib import Path

from kro.core.database.scripts import run_script

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

SQL = Path(__file__).parent.parent / "sql"


def upgrade() -> None:
    run_script(SQL / "0014_lifecycle.sql")


def downgrade() -> None:
    run_script(SQL / "0014_lifecycle_down.sql")
