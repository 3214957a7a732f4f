"""Files on their way into evidence: uploaded to a key of their own, checked, then kept."""

from pathlib import Path

from kro.core.database.scripts import run_script

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

SQL = Path(__file__).parent.parent / "sql"


def upgrade() -> None:
    run_script(SQL / "0015_evidence_uploads.sql")


def downgrade() -> None:
    run_script(SQL / "0015_evidence_uploads_down.sql")
