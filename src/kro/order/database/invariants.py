"""What must hold between orders and the ledger: one query each, returning the number of violations."""

from __future__ import annotations

from typing import Final

ORDER_INVARIANTS: Final[dict[str, str]] = {
    "ended_orders_hold_nothing": """
        SELECT count(*) FROM orders AS o JOIN kro_balance AS b ON b.owner_id = o.id AND b.code = 'order_escrow'
        WHERE o.ended_at IS NOT NULL AND b.balance <> 0
    """,
    "escrow_equals_what_the_order_says": """
        SELECT count(*) FROM orders AS o LEFT JOIN kro_balance AS b
            ON b.owner_id = o.id AND b.code = 'order_escrow' AND b.currency = o.currency
        WHERE o.funded_amount - o.released_amount - o.refunded_amount <> coalesce(b.balance, 0)
    """,
    "events_count_up_without_a_gap": """
        SELECT count(*) FROM orders AS o LEFT JOIN (
            SELECT order_id, count(*) AS events, max(seq) AS newest FROM order_events GROUP BY order_id) AS e
            ON e.order_id = o.id
        WHERE o.last_seq <> coalesce(e.events, 0) OR o.last_seq <> coalesce(e.newest, 0)
    """,
}
