"""Texts to a range of numbers, and those one account asks for, have a day's budget."""

from pathlib import Path

from alembic import op

from kro.core.database.scripts import outside_a_transaction, run_script

revision = "0050"
down_revision = "0049"
branch_labels = None
depends_on = None
# The program before spends under fewer caps.
oldest_program = "0040"

SQL = Path(__file__).parent.parent / "sql"


def upgrade() -> None:
    run_script(SQL / "0050_text_limits.sql")
    with outside_a_transaction():
        op.execute("ALTER TABLE text_spend VALIDATE CONSTRAINT ck_text_spend_scope")


def downgrade() -> None:
    run_script(SQL / "0050_text_limits_down.sql")
