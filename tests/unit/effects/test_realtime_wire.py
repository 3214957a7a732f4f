from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

import pytest

from kro.core.actor import ActorKind
from kro.core.realtime import Ending, News, Signal, SignalTooLargeError
from kro.core.realtime.wire import MAX_BYTES, decode, encode

BUYER, SELLER = UUID(int=1), UUID(int=2)


def data_of(text: str) -> Mapping[str, object]:
    news = decode(text)
    assert isinstance(news, Signal)
    return news.data


def signal(**data: object) -> Signal:
    return Signal(users=(BUYER, SELLER), event="order.event", data=data)


@pytest.mark.parametrize(
    "sent",
    [
        signal(id="evt_1", seq=7, data={"name": "Ọláìyá ₦"}, at="2026-01-15T09:00:00Z"),
        Signal(users=(), event="queue.changed", data={"waiting": 1}, permission="payouts.read"),
        Ending(ActorKind.USER, principal_id=BUYER, session_id=SELLER, reason="session_ended"),
        Ending(ActorKind.ADMIN, principal_id=BUYER, session_id=None, reason="standing_changed"),
    ],
)
def test_news_survives_the_way(sent: News) -> None:
    assert decode(encode(sent)) == sent


@pytest.mark.parametrize("letter", ["x", "₦", "\n"])
def test_what_does_not_fit_becomes_a_hint(letter: str) -> None:
    large = signal(id="evt_1", seq=7, type="accepted", actor=None, data={"note": letter * 8000}, note=letter * 8000)

    text = encode(large)

    assert len(text.encode()) <= MAX_BYTES
    assert data_of(text) == {"id": "evt_1", "seq": 7, "type": "accepted", "partial": True}


def test_the_limit_counts_bytes_and_what_just_fits_is_whole() -> None:
    room = MAX_BYTES - len(encode(signal(note="")).encode())

    assert "partial" not in data_of(encode(signal(note="x" * room)))
    assert "partial" in data_of(encode(signal(note="x" * (room + 1))))
    assert "partial" in data_of(encode(signal(note="₦" * (room // 3 + 1))))


def test_more_users_than_fit_are_refused() -> None:
    crowd = Signal(users=tuple(UUID(int=number) for number in range(300)), event="order.event", data={})

    with pytest.raises(SignalTooLargeError):
        encode(crowd)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "null",
        "[]",
        '{"users": [], "event": 1, "data": {}}',
        '{"users": ["x"]}',
        "hello",
        '{"end": {"kind": "system", "principal_id": "x", "session_id": null, "reason": "y"}}',
        '{"end": {"kind": "user"}}',
    ],
)
def test_what_others_write_to_the_channel_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        decode(text)
