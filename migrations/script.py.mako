"""${message}"""

from pathlib import Path

from kro.core.database.scripts import run_script

revision = "${up_revision}"
down_revision = ${repr(down_revision)}
branch_labels = None
depends_on = None
# The program of the release before runs on this too. A contraction names the first revision whose program can.
oldest_program = ${repr(down_revision)}

SQL = Path(__file__).parent.parent / "sql"


def upgrade() -> None:
    # An index goes alone into a migration of its own:
    #     with outside_a_transaction():
    #         op.execute("CREATE INDEX CONCURRENTLY IF NOT EXISTS ix_table_column ON table (column)")
    # A constraint is added NOT VALID here and validated in the next one. Rows are filled by `kro backfill`.
    run_script(SQL / "${up_revision}_name.sql")


def downgrade() -> None:
    run_script(SQL / "${up_revision}_name_down.sql")
