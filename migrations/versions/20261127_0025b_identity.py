"""Who users say they are: consents, and numbers looked up in registers."""

from pathlib import Path

from kro.core.database.scripts import run_script

revision = "0025b"
down_revision = "0022"
branch_labels = None
depends_on = None

SQL = Path(__file__).parent.parent / "sql"


def upgrade() -> None:
    run_script(SQL / "0025b_identity.sql")


def downgrade() -> None:
    run_script(SQL / "0025b_identity_down.sql")
