"""What keeps an account open, and what is kept of one that was closed."""

from pathlib import Path

from kro.core.database.scripts import run_script

revision = "0021b"
down_revision = "0026c"
branch_labels = None
depends_on = None

SQL = Path(__file__).parent.parent / "sql"


def upgrade() -> None:
    run_script(SQL / "0021b_closing.sql")


def downgrade() -> None:
    run_script(SQL / "0021b_closing_down.sql")
