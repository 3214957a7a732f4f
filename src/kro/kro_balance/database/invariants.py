"""What must hold of the ledger at any moment: one query each, returning the number of violations.

Tests, the nightly job, the command line and the admin page all ask these same questions.
"""

from __future__ import annotations

from typing import Final

LEDGER_INVARIANTS: Final[dict[str, str]] = {
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
    "no_limited_balance_is_negative": """
        SELECT count(*) FROM kro_balance WHERE balance < 0 AND NOT allow_negative
    """,
    "customers_money_is_covered": """
        SELECT count(*) FROM (
            SELECT b.currency,
                   -sum(e.amount) FILTER (WHERE b.code IN ('user_available', 'order_escrow', 'payout_in_transit',
                                                           'suspense')) AS owed,
                   sum(e.amount) FILTER (WHERE b.code IN ('provider_clearing', 'provider_fees')) AS covered
            FROM kro_balance AS b JOIN ledger_entries AS e ON e.account_id = b.id GROUP BY b.currency) AS totals
        WHERE coalesce(owed, 0) > coalesce(covered, 0)
    """,
}
