"""Which trace wrote a journal or an event of an order, where traces are exported."""

from pathlib import Path

from kro.core.database.scripts import run_script

revision = "0047"
down_revision = "0046"
branch_labels = None
depends_on = None
# The programs before leave the table empty.
oldest_program = "0040"

SQL = Path(__file__).parent.parent / "sql"


def upgrade() -> None:
    run_script(SQL / "0047_traces.sql")


def downgrade() -> None:
    run_script(SQL / "0047_traces_down.sql")
