"""The audit log as a chain of seals, its head, and the files it was exported to."""

from pathlib import Path

from kro.core.database.scripts import run_script

revision = "0026"
down_revision = "0019b"
branch_labels = None
depends_on = None

SQL = Path(__file__).parent.parent / "sql"


def upgrade() -> None:
    run_script(SQL / "0026_audit.sql")


def downgrade() -> None:
    run_script(SQL / "0026_audit_down.sql")
