"""The index of admins' sessions holds no session of a user, and no query of users' is answered by reading all of it."""

from alembic import op

from kro.core.database.scripts import outside_a_transaction

revision = "0057"
down_revision = "0056"
branch_labels = None
depends_on = None
oldest_program = "0040"

BEFORE = "ix_sessions_admin_id"
AFTER = "ix_sessions_admin_id_live"


def upgrade() -> None:
    with outside_a_transaction():
        op.execute(
            f"CREATE INDEX CONCURRENTLY IF NOT EXISTS {AFTER} ON sessions (admin_id)"
            " WHERE revoked_at IS NULL AND admin_id IS NOT NULL"
        )
        op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {BEFORE}")


def downgrade() -> None:
    with outside_a_transaction():
        op.execute(f"CREATE INDEX CONCURRENTLY IF NOT EXISTS {BEFORE} ON sessions (admin_id) WHERE revoked_at IS NULL")
        op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {AFTER}")
