"""What admins find people by, and the notes they keep about them."""

from pathlib import Path

from kro.core.database.scripts import run_script

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None

SQL = Path(__file__).parent.parent / "sql"


def upgrade() -> None:
    run_script(SQL / "0025_user_administration.sql")


def downgrade() -> None:
    run_script(SQL / "0025_user_administration_down.sql")
