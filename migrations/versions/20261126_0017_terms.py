"""Terms that change before and after funding, and parties without an account."""

from pathlib import Path

from kro.core.database.scripts import run_script

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

SQL = Path(__file__).parent.parent / "sql"


def upgrade() -> None:
    run_script(SQL / "0017_terms.sql")


def downgrade() -> None:
    run_script(SQL / "0017_terms_down.sql")
