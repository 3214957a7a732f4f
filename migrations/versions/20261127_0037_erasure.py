"""What is append-only about somebody goes once the account is erased."""

from pathlib import Path

from kro.core.database.scripts import run_script

revision = "0037"
down_revision = "0036"
branch_labels = None
depends_on = None

SQL = Path(__file__).parent.parent / "sql"


def upgrade() -> None:
    run_script(SQL / "0037_erasure.sql")


def downgrade() -> None:
    run_script(SQL / "0037_erasure_down.sql")
