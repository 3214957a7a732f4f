"""The house: people, ledger, orders, payments, plumbing."""

from pathlib import Path

from alembic import op

from kro.core.database.scripts import run_script

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

SQL = Path(__file__).parent.parent / "sql"
TABLES = (
    "audit_log, outbox, job_claims, timers, idempotency_keys, refunds, payment_webhook_state, payment_webhook_info, "
    "payout_attempts, payout_approvals, transactions, order_events, evidence, condition_templates, conditions, orders, "
    "fee_quotes, fee_configuration, ledger_entries, ledger_journals, kro_balance, bank_accounts, rate_limits, "
    "verification_codes, sessions, two_factor_admin, admins, users, user_roles"
)
FUNCTIONS = (
    "open_payments(uuid), payouts_in_transit(uuid), held_for_buyer(uuid), available_balance(uuid, text), "
    "apply_decision(jsonb), store_answer(jsonb), "
    "update_row(text, uuid, integer, jsonb), insert_rows(text, jsonb), post_journals(jsonb, jsonb, jsonb), "
    "lost_race(text), refuse_downgrade(), refuse_reopening(), check_entries_belong(), check_journal_balanced(), "
    "refuse_change()"
)


def upgrade() -> None:
    for name in ("0001_tables.sql", "0001_guards.sql", "0001_apply.sql"):
        run_script(SQL / name)


def downgrade() -> None:
    op.execute("SET lock_timeout = '3s'")
    op.execute(f"DROP TABLE {TABLES} CASCADE")
    op.execute(f"DROP FUNCTION {FUNCTIONS}")
