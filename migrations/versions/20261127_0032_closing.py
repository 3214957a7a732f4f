"""What keeps an account open, and what is kept of one that was closed."""

from pathlib import Path

from kro.core.database.scripts import run_script

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None

SQL = Path(__file__).parent.parent / "sql"


def upgrade() -> None:
    run_script(SQL / "0032_closing.sql")


def downgrade() -> None:
    run_script(SQL / "0032_closing_down.sql")
