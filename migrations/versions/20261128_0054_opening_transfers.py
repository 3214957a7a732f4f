"""Proposals may say where the money behind opening balances lies."""

from pathlib import Path

from alembic import op

from kro.core.database.scripts import outside_a_transaction, run_script

revision = "0054"
down_revision = "0053"
branch_labels = None
depends_on = None
# The program before never writes the new kind; propose none until all processes are of this one, as it cannot read it.
oldest_program = "0040"

SQL = Path(__file__).parent.parent / "sql"


def upgrade() -> None:
    run_script(SQL / "0054_opening_transfers.sql")
    with outside_a_transaction():
        op.execute("ALTER TABLE proposals VALIDATE CONSTRAINT ck_proposals_kind")


def downgrade() -> None:
    run_script(SQL / "0054_opening_transfers_down.sql")
