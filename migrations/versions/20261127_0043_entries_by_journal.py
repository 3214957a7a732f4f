"""Entries are found by their journal, uniquely."""

from alembic import op

from kro.core.database.scripts import outside_a_transaction

revision = "0043"
down_revision = "0042"
branch_labels = None
depends_on = None
# The program before knows nothing of months, and need not.
oldest_program = "0040"

INDEX = "uq_ledger_entries_journal_id_id"


def upgrade() -> None:
    with outside_a_transaction():
        op.execute(f"CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS {INDEX} ON ledger_entries (journal_id, id)")


def downgrade() -> None:
    with outside_a_transaction():
        op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {INDEX}")
