"""What people read of an order's events."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from kro.core.decisions import Event
from kro.order.controller.timeline import SENTENCES, sentence
from kro.order.database.words import EventType


def event(event_type: str, actor: str = "buyer", **data: Any) -> Event:
    return Event(UUID(int=1), UUID(int=2), 1, event_type, actor, None, data, datetime(2026, 1, 15, 9, tzinfo=UTC))


@pytest.mark.parametrize("event_type", EventType)
def test_every_event_has_its_sentence(event_type: EventType) -> None:
    assert sentence(event(event_type)).endswith((".", "…"))
    assert set(SENTENCES) == set(EventType)


def test_says_who_and_how_much_and_when() -> None:
    money = {"amount": 15_201_563, "currency": "NGN"}
    funded_by = event("funded", "system", held=money, deliver_by="2026-01-18T09:00:00Z")
    assert sentence(funded_by) == "NGN 152,015.63 is in escrow. Delivery is due by 18 Jan 2026, 10:00."
    assert sentence(event("declined", "seller", reason="Sold.")) == "The seller declined: Sold."
    assert sentence(event("conceded", "admin")) == "KRO gave in."
    assert sentence(event("reminded", "system", deadline="fund_by", due_at="2026-01-18T09:00:00+00:00")) == (
        "A reminder went out: pay into escrow by 18 Jan 2026, 10:00."
    )


def test_takes_words_of_users_as_they_are() -> None:
    assert (
        sentence(event("issue_reported", statement="{who} T {0} %s")) == "The buyer reported an issue: {who} T {0} %s"
    )
