"""Recovery codes, for who has lost an authenticator."""

from pathlib import Path

from kro.core.database.scripts import run_script

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None

SQL = Path(__file__).parent.parent / "sql"


def upgrade() -> None:
    run_script(SQL / "0030_recovery_codes.sql")


def downgrade() -> None:
    run_script(SQL / "0030_recovery_codes_down.sql")
