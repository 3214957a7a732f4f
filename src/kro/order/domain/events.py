"""How an event of an order looks to clients: the same in the events list and over Socket.IO."""

from __future__ import annotations

from typing import Any

from kro.core.decisions import Event
from kro.core.ids import show_id


def event_item(event: Event) -> dict[str, Any]:
    """Return an event as clients see it; ``seq`` counts up by one within an order."""
    return {
        "id": show_id("evt", event.id),
        "order_id": show_id("ord", event.order_id),
        "seq": event.seq,
        "type": event.type,
        "actor": {
            "kind": event.actor_kind,
            "id": show_id("usr", event.actor_id) if event.actor_id is not None else None,
        },
        "data": dict(event.data),
        "at": event.at,
    }
