"""Holds orders to their timelines: what the events add up to is what the order says."""

from __future__ import annotations

from typing import Any

from kro.order.domain import OrderStatus, Told, replay


async def wrongly_told(database: Any) -> list[str]:
    """Return the orders whose events do not rebuild their status and amounts."""
    rows = await database.rows(
        "SELECT o.id, o.status, o.funded_amount, o.released_amount, o.refunded_amount, "
        "(SELECT json_agg(e.data ORDER BY e.seq) FROM order_events AS e WHERE e.order_id = o.id) AS events "
        "FROM orders AS o WHERE o.last_seq > 0"
    )
    wrong = []
    for row in rows:
        said = Told(OrderStatus(row["status"]), row["funded_amount"], row["released_amount"], row["refunded_amount"])
        told = replay(row["events"])
        if told != said:
            wrong.append(f"{row['id']}: {said} but its events say {told}")
    return wrong
