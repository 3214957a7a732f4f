"""Recovery codes, for who has lost an authenticator."""

from pathlib import Path

from kro.core.database.scripts import run_script

revision = "0020b"
down_revision = "0023"
branch_labels = None
depends_on = None

SQL = Path(__file__).parent.parent / "sql"


def upgrade() -> None:
    run_script(SQL / "0020b_recovery_codes.sql")


def downgrade() -> None:
    run_script(SQL / "0020b_recovery_codes_down.sql")
