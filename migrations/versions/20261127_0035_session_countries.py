"""An index for the countries somebody has logged in from."""

from alembic import op

revision = "0035"
down_revision = "0034"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(
        "ix_sessions_user_id_country", "sessions", ["user_id", "country"], postgresql_where="country IS NOT NULL"
    )


def downgrade() -> None:
    op.drop_index("ix_sessions_user_id_country", "sessions")
