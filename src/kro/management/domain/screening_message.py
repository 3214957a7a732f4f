"""Has somebody compared with the sanctions lists anew. Pure."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from kro.core.decisions import Message
from kro.core.ids import IdSource

SCREEN_TOPIC: Final = "sanctions.screen"


def screening(user_id: UUID, ids: IdSource) -> Message:
    """Return the message for the decision that makes a name or a birthday known."""
    return Message(id=ids.new(), topic=SCREEN_TOPIC, payload={"user_id": user_id}, ordering_key=f"screen:{user_id}")
