"""What must hold between refunds, chargebacks, payments and the ledger: one query each, returning the violations.

That ``refund_in_transit`` equals the open refunds is asked with the ledger's own invariants.
"""

from __future__ import annotations

from typing import Final

REFUND_INVARIANTS: Final[dict[str, str]] = {
    "no_payment_is_refunded_above_what_it_brought": """
        SELECT count(*) FROM (
            SELECT t.id FROM refunds AS r JOIN transactions AS t ON t.id = r.payment_id
            WHERE r.status NOT IN ('failed', 'rejected', 'cancelled')
            GROUP BY t.id HAVING sum(r.amount) > coalesce(max(t.received_amount), 0)) AS above
    """,
    "processed_refunds_were_booked_once": """
        SELECT count(*) FROM refunds AS r
        WHERE r.destination = 'source'
          AND (SELECT count(*) FROM ledger_journals AS j WHERE j.source_type = 'refund' AND j.source_id = r.id
                 AND j.kind = 'refund_confirmed') <> (r.status = 'processed')::int
    """,
    "refunds_given_back_were_booked_once": """
        SELECT count(*) FROM refunds AS r
        WHERE r.destination = 'source' AND r.status IN ('failed', 'rejected', 'cancelled')
          AND (SELECT count(*) FROM ledger_journals AS j WHERE j.source_type = 'refund' AND j.source_id = r.id
                 AND j.kind = 'refund_failed')
              <> (r.origin = 'balance' OR r.status = 'failed')::int
    """,
    "orders_know_what_was_refunded_of_them": """
        SELECT count(*) FROM orders AS o
        WHERE o.refunded_amount < (
            SELECT coalesce(sum(r.amount), 0) FROM refunds AS r
            WHERE r.order_id = o.id AND r.origin = 'escrow'
              AND r.status IN ('approved', 'sending', 'processed', 'failed'))
    """,
    "every_refund_was_let_go_by_enough_people": """
        SELECT count(*) FROM refunds AS r
        WHERE r.status IN ('approved', 'sending', 'processed', 'failed')
          AND (SELECT count(DISTINCT p.admin_id) FROM refund_approvals AS p
               WHERE p.refund_id = r.id AND p.purpose = 'send' AND p.admin_id IS DISTINCT FROM r.requested_by)
              < r.approvals_required
    """,
    "chargebacks_took_what_they_say": """
        SELECT count(*) FROM (SELECT id, currency, amount AS taken, returned, fee FROM chargebacks) AS c
        FULL JOIN (SELECT j.source_id, e.currency,
                          coalesce(-sum(e.amount) FILTER (WHERE j.kind = 'chargeback_opened'), 0) AS taken,
                          coalesce(sum(e.amount) FILTER (WHERE j.kind = 'chargeback_won'), 0) AS returned,
                          coalesce(-sum(e.amount) FILTER (WHERE j.kind = 'chargeback_fee'), 0) AS fee
                   FROM ledger_journals AS j JOIN ledger_entries AS e ON e.journal_id = j.id
                   JOIN kro_balance AS b ON b.id = e.account_id AND b.code = 'provider_clearing'
                   WHERE j.source_type = 'chargeback' GROUP BY j.source_id, e.currency) AS l
            ON l.source_id = c.id AND l.currency = c.currency
        WHERE (c.taken, c.returned, c.fee) IS DISTINCT FROM (l.taken, l.returned, l.fee)
    """,
    "no_payment_is_charged_back_above_what_it_brought": """
        SELECT count(*) FROM (
            SELECT t.id FROM chargebacks AS c JOIN transactions AS t ON t.id = c.payment_id
            GROUP BY t.id HAVING sum(c.amount - c.returned) > coalesce(max(t.received_amount), 0)) AS above
    """,
}
