"""A balance changes in place: no index looks at it."""

from alembic import op

from kro.core.database.scripts import outside_a_transaction

revision = "0056"
down_revision = "0055"
branch_labels = None
depends_on = None
oldest_program = "0040"

BEFORE = "ix_kro_balance_owed"
AFTER = "ix_kro_balance_receivable"


def upgrade() -> None:
    with outside_a_transaction():
        op.execute(
            f"CREATE INDEX CONCURRENTLY IF NOT EXISTS {AFTER} ON kro_balance (owner_id) WHERE code = 'user_receivable'"
        )
        op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {BEFORE}")


def downgrade() -> None:
    with outside_a_transaction():
        op.execute(
            f"CREATE INDEX CONCURRENTLY IF NOT EXISTS {BEFORE} ON kro_balance (owner_id)"
            " WHERE code = 'user_receivable' AND balance > 0"
        )
        op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {AFTER}")
