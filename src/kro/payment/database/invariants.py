"""What must hold between payments, payouts and the ledger: one query each, returning the number of violations."""

from __future__ import annotations

from typing import Final

PAYMENT_INVARIANTS: Final[dict[str, str]] = {
    "every_success_is_credited_once": """
        SELECT count(*) FROM (SELECT id, currency, received_amount FROM transactions
                              WHERE kind = 'payment' AND status = 'succeeded') AS t
        FULL JOIN (SELECT j.source_id, e.currency, sum(e.amount) AS amount FROM ledger_journals AS j
                   JOIN ledger_entries AS e ON e.journal_id = j.id AND e.amount > 0
                   WHERE j.kind = 'receipt' AND j.source_type = 'payment' GROUP BY j.source_id, e.currency) AS r
            ON r.source_id = t.id AND r.currency = t.currency
        WHERE t.received_amount IS DISTINCT FROM r.amount
    """,
    "every_payout_was_reserved_first": """
        SELECT count(*) FROM transactions AS t WHERE t.kind = 'payout' AND NOT EXISTS (
            SELECT FROM ledger_journals AS j
            WHERE j.kind = 'payout_requested' AND j.source_type = 'payout' AND j.source_id = t.id)
    """,
    "every_payout_ended_as_it_says": """
        SELECT count(*) FROM (
            SELECT t.id FROM transactions AS t LEFT JOIN ledger_journals AS j
                ON j.source_type = 'payout' AND j.source_id = t.id AND j.kind IN (
                    'payout_settled', 'payout_returned', 'payout_rejected', 'payout_cancelled', 'payout_failed')
            WHERE t.kind = 'payout' GROUP BY t.id, t.status
            HAVING coalesce(array_agg(j.kind ORDER BY j.kind) FILTER (WHERE j.kind IS NOT NULL), '{}')
                <> CASE t.status WHEN 'succeeded' THEN ARRAY['payout_settled']
                                 WHEN 'returned' THEN ARRAY['payout_returned', 'payout_settled']
                                 WHEN 'rejected' THEN ARRAY['payout_rejected']
                                 WHEN 'cancelled' THEN ARRAY['payout_cancelled']
                                 WHEN 'failed' THEN ARRAY['payout_failed'] ELSE '{}' END) AS wrong
    """,
    "no_payout_left_without_its_approvals": """
        SELECT count(*) FROM transactions AS t
        WHERE t.kind = 'payout' AND EXISTS (SELECT FROM payout_attempts AS a WHERE a.payout_id = t.id)
          AND t.approvals_required > (SELECT count(DISTINCT p.admin_id) FROM payout_approvals AS p
                                      WHERE p.payout_id = t.id)
    """,
    "one_credit_per_provider_transaction": """
        SELECT count(*) FROM (
            SELECT provider, external_ref FROM ledger_journals WHERE kind IN ('receipt', 'unmatched_receipt')
            GROUP BY provider, external_ref HAVING count(*) > 1) AS twice
    """,
    "suspense_equals_its_open_items": """
        SELECT count(*) FROM (SELECT provider, currency, sum(amount) FILTER (WHERE status = 'open') AS open
                              FROM suspense_items GROUP BY provider, currency) AS i
        FULL JOIN (SELECT qualifier, currency, balance FROM ledger_balances WHERE code = 'suspense') AS b
            ON b.qualifier = i.provider AND b.currency = i.currency
        WHERE coalesce(i.open, 0) <> coalesce(b.balance, 0)
    """,
}
