"""The audit log as a chain of seals, its head, and the files it was exported to."""

from pathlib import Path

from kro.core.database.scripts import run_script

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

SQL = Path(__file__).parent.parent / "sql"


def upgrade() -> None:
    run_script(SQL / "0021_audit.sql")


def downgrade() -> None:
    run_script(SQL / "0021_audit_down.sql")
