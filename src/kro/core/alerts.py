"""Alarms for the people who run KRO: facts that age or contradict, told by mail through the outbox."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from kro.core.decisions import Message

ALERT_TOPIC: Final = "alert"


def alert(*, id: UUID, kind: str, subject: str, detail: str) -> Message:  # noqa: A002 - the column's name
    """Return the message that mails an alarm to the operators' address; put it into the decision it belongs to.

    ``kind`` is a short stable word for filters such as ``payout_open_for_a_day``. ``subject`` is one line, ``detail``
    what a person needs to act: shown ids and amounts, never names, numbers of accounts or other personal data.
    """
    return Message(id=id, topic=ALERT_TOPIC, payload={"kind": kind, "subject": subject, "detail": detail})
