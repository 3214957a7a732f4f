"""The same work for everybody: what is written for nobody takes as long as what is sent to somebody."""

from __future__ import annotations

from typing import Final

VOID_TOPIC: Final = "void"
"""The topic of messages that go to nobody. The worker takes them like any other and does nothing."""


def alike(document: str, reaches: str) -> str:
    """Return the SQL of a decision with one message, whose topic is void unless the condition holds.

    A statement that wrote less for a number without an account would be answered sooner, and tell.

    :param document: the parameter with the encoded decision.
    :param reaches: the condition under which the message is sent.
    """
    voided = f"""jsonb_set({document}::text::jsonb, '{{outbox,0,topic}}', '"{VOID_TOPIC}"')"""
    return f"CASE WHEN {reaches} THEN {document}::text::jsonb ELSE {voided} END"
