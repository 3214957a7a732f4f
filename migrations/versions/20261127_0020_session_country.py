"""Where a session was opened from."""

from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        "ALTER TABLE sessions ADD COLUMN country text CONSTRAINT ck_sessions_country CHECK (country ~ '^[A-Z]{2}$')"
    )


def downgrade() -> None:
    op.execute("ALTER TABLE sessions DROP COLUMN country")
