"""Who users say they are: consents, and numbers looked up in registers."""

from pathlib import Path

from kro.core.database.scripts import run_script

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None

SQL = Path(__file__).parent.parent / "sql"


def upgrade() -> None:
    run_script(SQL / "0028_identity.sql")


def downgrade() -> None:
    run_script(SQL / "0028_identity_down.sql")
