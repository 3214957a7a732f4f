"""Bodies from before there were months are found in their order, so that they can be forgotten."""

from alembic import op

from kro.core.database.scripts import outside_a_transaction

revision = "0049"
down_revision = "0048"
branch_labels = None
depends_on = None
# As before; and what this program writes is not in the index.
oldest_program = "0040"

INDEX = "ix_payment_webhook_info_body"


def upgrade() -> None:
    with outside_a_transaction():
        op.execute(
            f"CREATE INDEX CONCURRENTLY IF NOT EXISTS {INDEX} ON payment_webhook_info (id) WHERE body IS NOT NULL"
        )


def downgrade() -> None:
    with outside_a_transaction():
        op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {INDEX}")
