"""Links by which riders enter the handover code."""

from pathlib import Path

from kro.core.database.scripts import run_script

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

SQL = Path(__file__).parent.parent / "sql"


def upgrade() -> None:
    run_script(SQL / "0018_handover.sql")


def downgrade() -> None:
    run_script(SQL / "0018_handover_down.sql")
