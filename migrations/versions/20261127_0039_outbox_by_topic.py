"""Due messages are found by their topic."""

from pathlib import Path

from kro.core.database.scripts import run_script

revision = "0039"
down_revision = "0038"
branch_labels = None
depends_on = None

SQL = Path(__file__).parent.parent / "sql"


def upgrade() -> None:
    run_script(SQL / "0039_outbox_by_topic.sql")


def downgrade() -> None:
    run_script(SQL / "0039_outbox_by_topic_down.sql")
