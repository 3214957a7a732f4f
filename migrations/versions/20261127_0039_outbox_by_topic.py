"""Due messages are found by their topic: each has a relay, which a backlog of another topic must not slow down."""

from alembic import op

from kro.core.database.scripts import outside_a_transaction

revision = "0039"
down_revision = "0038"
branch_labels = None
depends_on = None


def rebuild(columns: str) -> None:
    """Replace the index while the outbox is written to; started again after a kill it ends the same."""
    with outside_a_transaction():
        op.execute(
            f"CREATE INDEX CONCURRENTLY IF NOT EXISTS ix_outbox_due_next ON outbox ({columns}) WHERE state = 'pending'"
        )
        op.execute("DROP INDEX CONCURRENTLY IF EXISTS ix_outbox_due")
        op.execute("ALTER INDEX ix_outbox_due_next RENAME TO ix_outbox_due")


def upgrade() -> None:
    rebuild("topic, next_attempt_at, id")


def downgrade() -> None:
    rebuild("next_attempt_at, id")
