from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from kro.core.decisions import Message
from kro.core.notices.matrix import rule_of
from kro.core.notices.words import Reader, Template

NOTIFY_TOPIC: Final = "notify"


@dataclass(frozen=True, slots=True)
class Receipt:
    """Under which purpose it is kept that somebody was told, as evidence about a subject."""

    subject_id: UUID
    purpose: str


def notice(
    *,
    id: UUID,  # noqa: A002 - the column's name
    user_id: UUID,
    template: str,
    reader: Reader,
    facts: Mapping[str, Any],
    receipt: Receipt | None = None,
) -> Message:
    """Return the message that tells one person something; put it into the decision it follows from.

    The matrix says by which channels. ``facts`` are plain JSON values, amounts ``{"amount": minor units, "currency"}``.

    :raises KeyError: when the matrix does not know that such a reader is told that.
    """
    rule = rule_of(Template(template), reader)
    payload: dict[str, Any] = {
        "user_id": user_id,
        "template": rule.template,
        "reader": reader,
        "channels": list(rule.channels),
        "facts": dict(facts),
    }
    if receipt is not None:
        payload["receipt"] = {"subject_id": str(receipt.subject_id), "purpose": receipt.purpose}
    return Message(id=id, topic=NOTIFY_TOPIC, payload=payload)
