"""What must hold of the ledger at any moment: one query each, returning the number of violations.

Tests, the nightly job, the command line and the admin page all ask these same questions.
"""

from __future__ import annotations

from typing import Final

_BOOKS: Final[dict[str, str]] = {
    "every_currency_sums_to_zero": """
        SELECT count(*) FROM (SELECT currency FROM ledger_entries GROUP BY currency HAVING sum(amount) <> 0) AS c
    """,
    "every_journal_balances": """
        SELECT count(*) FROM (
            SELECT j.id FROM ledger_journals AS j LEFT JOIN ledger_entries AS e ON e.journal_id = j.id
            GROUP BY j.id, e.currency HAVING count(e.id) < 2 OR sum(e.amount) <> 0) AS unbalanced
    """,
    "balances_equal_their_entries": """
        SELECT count(*) FROM (
            SELECT b.id FROM kro_balance AS b LEFT JOIN ledger_entries AS e ON e.account_id = b.id
            WHERE b.tracked GROUP BY b.id
            HAVING b.balance <> coalesce(sum(CASE b.normal WHEN 'credit' THEN -e.amount ELSE e.amount END), 0)) AS off
    """,
    "rollups_equal_their_entries": """
        SELECT count(*) FROM (SELECT DISTINCT ON (account_id) account_id, through_id, total FROM ledger_rollups
                              ORDER BY account_id, through_id DESC) AS r
        WHERE r.total <> (SELECT coalesce(sum(e.amount), 0) FROM ledger_entries AS e
                          WHERE e.account_id = r.account_id AND e.id <= r.through_id)
    """,
    "corrections_mirror_what_they_reverse": """
        SELECT count(*) FROM (
            SELECT m.id FROM ledger_journals AS m
            JOIN ledger_entries AS e ON e.journal_id IN (m.id, m.reverses_journal_id)
            WHERE m.reverses_journal_id IS NOT NULL
            GROUP BY m.id, e.account_id HAVING sum(e.amount) <> 0 OR count(*) % 2 = 1) AS skewed
    """,
}

_ACCOUNTS: Final[dict[str, str]] = {
    "no_limited_balance_is_negative": """
        SELECT count(*) FROM kro_balance WHERE balance < 0 AND NOT allow_negative
    """,
    "accounts_follow_the_chart": """
        SELECT count(*) FROM kro_balance AS b LEFT JOIN (VALUES
            ('user_available', 'credit', true), ('user_reserve', 'credit', true), ('user_receivable', 'debit', true),
            ('order_escrow', 'credit', true), ('payout_in_transit', 'credit', true),
            ('refund_in_transit', 'credit', true), ('provider_clearing', 'debit', false), ('bank', 'debit', false),
            ('suspense', 'credit', false), ('fee_revenue', 'credit', false), ('vat_payable', 'credit', false),
            ('stamp_duty_payable', 'credit', false), ('provider_fees', 'debit', false), ('losses', 'debit', false),
            ('adjustment', 'debit', false), ('fx', 'credit', false)) AS chart (code, normal, tracked)
            ON chart.code = b.code
        WHERE (b.normal, b.tracked, b.allow_negative) IS DISTINCT FROM (chart.normal, chart.tracked, NOT chart.tracked)
           OR b.tracked <> (b.owner_id <> '00000000-0000-0000-0000-000000000000')
    """,
    "suspense_is_never_overdrawn": """
        SELECT count(*) FROM ledger_balances WHERE code = 'suspense' AND balance < 0
    """,
    # By the identity of the books this says that fees and taxes were never given away beyond what was earned.
    "customers_money_is_covered": """
        SELECT count(*) FROM (
            SELECT currency,
                   sum(balance) FILTER (WHERE code IN ('user_available', 'user_reserve', 'order_escrow', 'suspense',
                                                       'payout_in_transit', 'refund_in_transit')) AS owed,
                   sum(CASE normal WHEN 'debit' THEN balance ELSE -balance END) FILTER (WHERE code IN (
                       'provider_clearing', 'bank', 'user_receivable', 'provider_fees', 'losses', 'adjustment', 'fx'))
                       AS covered
            FROM ledger_balances GROUP BY currency) AS totals
        WHERE coalesce(owed, 0) > coalesce(covered, 0)
    """,
}

_IN_TRANSIT: Final[dict[str, str]] = {
    "payouts_in_transit_equal_open_payouts": """
        SELECT count(*) FROM (SELECT id, currency, CASE WHEN status IN (
                                  'rejected', 'cancelled', 'failed', 'succeeded', 'returned') THEN 0
                              ELSE amount END AS open FROM transactions WHERE kind = 'payout') AS p
        FULL JOIN (SELECT owner_id, currency, balance FROM kro_balance WHERE code = 'payout_in_transit') AS b
            ON b.owner_id = p.id AND b.currency = p.currency
        WHERE coalesce(p.open, 0) <> coalesce(b.balance, 0)
    """,
    "refunds_in_transit_equal_open_refunds": """
        SELECT count(*) FROM (SELECT id, currency, CASE WHEN status IN ('approved', 'sending')
                                  OR (status = 'requested' AND origin = 'balance')
                              THEN amount ELSE 0 END AS open FROM refunds WHERE destination = 'source') AS r
        FULL JOIN (SELECT owner_id, currency, balance FROM kro_balance WHERE code = 'refund_in_transit') AS b
            ON b.owner_id = r.id AND b.currency = r.currency
        WHERE coalesce(r.open, 0) <> coalesce(b.balance, 0)
    """,
}

# What users are shown of their balance, line by line, is what the ledger holds.
_LINES: Final[dict[str, str]] = {
    "lines_equal_their_entries": """
        SELECT count(*) FROM (SELECT e.id, e.account_id, e.journal_id, -e.amount AS amount FROM ledger_entries AS e
                              JOIN kro_balance AS b ON b.id = e.account_id WHERE b.code = 'user_available') AS e
        FULL JOIN balance_lines AS l ON l.entry_id = e.id
        WHERE (l.account_id, l.journal_id, l.amount) IS DISTINCT FROM (e.account_id, e.journal_id, e.amount)
    """,
    "lines_add_up": """
        SELECT count(*) FROM (SELECT balance_after - amount AS before, lag(balance_after, 1, 0::bigint) OVER (
                                  PARTITION BY account_id ORDER BY at, entry_id) AS last FROM balance_lines) AS steps
        WHERE before <> last
    """,
    "balances_equal_their_last_line": """
        SELECT count(*) FROM kro_balance AS b WHERE b.code = 'user_available' AND b.balance <> coalesce((
            SELECT l.balance_after FROM balance_lines AS l WHERE l.account_id = b.id
            ORDER BY l.at DESC, l.entry_id DESC LIMIT 1), 0)
    """,
}

LEDGER_INVARIANTS: Final[dict[str, str]] = {**_BOOKS, **_ACCOUNTS, **_IN_TRANSIT, **_LINES}
