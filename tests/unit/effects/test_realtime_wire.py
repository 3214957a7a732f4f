from __future__ import annotations

from uuid import UUID

import pytest

from kro.core.realtime import Signal, SignalTooLargeError
from kro.core.realtime.wire import MAX_BYTES, decode, encode

BUYER, SELLER = UUID(int=1), UUID(int=2)


def signal(**data: object) -> Signal:
    return Signal(users=(BUYER, SELLER), event="order.event", data=data)


def test_a_signal_survives_the_way() -> None:
    sent = signal(id="evt_1", seq=7, data={"name": "Ọláìyá ₦"}, at="2026-01-15T09:00:00Z")

    assert decode(encode(sent)) == sent


@pytest.mark.parametrize("letter", ["x", "₦", "\n"])
def test_what_does_not_fit_becomes_a_hint(letter: str) -> None:
    large = signal(id="evt_1", seq=7, type="accepted", actor=None, data={"note": letter * 8000}, note=letter * 8000)

    text = encode(large)

    assert len(text.encode()) <= MAX_BYTES
    assert decode(text).data == {"id": "evt_1", "seq": 7, "type": "accepted", "partial": True}


def test_the_limit_counts_bytes_and_what_just_fits_is_whole() -> None:
    room = MAX_BYTES - len(encode(signal(note="")).encode())

    assert "partial" not in decode(encode(signal(note="x" * room))).data
    assert "partial" in decode(encode(signal(note="x" * (room + 1)))).data
    assert "partial" in decode(encode(signal(note="₦" * (room // 3 + 1)))).data


def test_more_users_than_fit_are_refused() -> None:
    crowd = Signal(users=tuple(UUID(int=number) for number in range(300)), event="order.event", data={})

    with pytest.raises(SignalTooLargeError):
        encode(crowd)


@pytest.mark.parametrize(
    "text", ["", "null", "[]", '{"users": [], "event": 1, "data": {}}', '{"users": ["x"]}', "hello"]
)
def test_what_others_write_to_the_channel_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        decode(text)
