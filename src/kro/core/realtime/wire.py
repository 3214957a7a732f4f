"""Signals as the text of a NOTIFY, which PostgreSQL bounds to less than 8000 bytes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

import orjson

from kro.core.realtime.bus import Signal

MAX_BYTES: Final = 7900
_MAX_TEXT: Final = 100


class SignalTooLargeError(Exception):
    """Even without its details the signal does not fit."""


def encode(signal: Signal) -> str:
    """Return a signal as JSON of at most ``MAX_BYTES``.

    One that is larger keeps only the short facts of its data and says ``"partial": true``; clients then re-read.

    :raises SignalTooLargeError: if that is not enough, as with hundreds of users.
    """
    text = _dump(signal, signal.data)
    if len(text) > MAX_BYTES:
        text = _dump(signal, {**_short_facts(signal.data), "partial": True})
    if len(text) > MAX_BYTES:
        raise SignalTooLargeError
    return text.decode()


def decode(text: str) -> Signal:
    """Read a signal back.

    :raises ValueError: if somebody else wrote to the channel.
    """
    match orjson.loads(text):
        case {"users": [*users], "event": str(event), "data": dict(data)}:
            return Signal(users=tuple(UUID(user) for user in users), event=event, data=data)
        case _:
            raise ValueError("not a signal")


def _dump(signal: Signal, data: Mapping[str, Any]) -> bytes:
    return orjson.dumps({"users": signal.users, "event": signal.event, "data": data})


def _short_facts(data: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: value
        for name, value in data.items()
        if isinstance(value, int) or (isinstance(value, str) and len(value) <= _MAX_TEXT)
    }
