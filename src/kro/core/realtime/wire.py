"""News as the text of a NOTIFY, which PostgreSQL bounds to less than 8000 bytes; other carriers take the same text."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

import orjson

from kro.core.actor import ActorKind
from kro.core.realtime.bus import Ending, News, Signal

CHANNEL: Final = "kro_realtime"
MAX_BYTES: Final = 7900
_MAX_TEXT: Final = 100


class SignalTooLargeError(Exception):
    """Even without its details the signal does not fit."""


def encode(news: News) -> str:
    """Return news as JSON of at most ``MAX_BYTES``.

    A signal that is larger keeps only the short facts of its data and says ``"partial": true``; clients then re-read.

    :raises SignalTooLargeError: if that is not enough, as with hundreds of users.
    """
    if isinstance(news, Ending):
        return orjson.dumps({"end": news}).decode()
    text = _dump(news, news.data)
    if len(text) > MAX_BYTES:
        text = _dump(news, {**_short_facts(news.data), "partial": True})
    if len(text) > MAX_BYTES:
        raise SignalTooLargeError
    return text.decode()


def decode(text: str | bytes) -> News:
    """Read news back.

    :raises ValueError: if somebody else wrote to the channel.
    """
    return read_news(orjson.loads(text))


def read_news(sent: Any) -> News:  # noqa: ANN401 - what JSON may hold
    """Read news from plain JSON values, as outbox rows and carriers hold them.

    :raises ValueError: if it is none.
    """
    match sent:
        case {"end": {"kind": str(kind), "principal_id": str(principal), "session_id": session, "reason": str(reason)}}:
            session_id = None if session is None else UUID(session)
            return Ending(ActorKind(kind), principal_id=UUID(principal), session_id=session_id, reason=reason)
        case {"event": str(event), "data": dict(data)}:
            users = tuple(UUID(user) for user in sent.get("users", ()))
            return Signal(users=users, event=event, data=data, permission=sent.get("permission"))
        case _:
            raise ValueError("not news")


def _dump(signal: Signal, data: Mapping[str, Any]) -> bytes:
    addressed = {"users": signal.users} | ({"permission": signal.permission} if signal.permission else {})
    return orjson.dumps({**addressed, "event": signal.event, "data": data})


def _short_facts(data: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: value
        for name, value in data.items()
        if isinstance(value, int) or (isinstance(value, str) and len(value) <= _MAX_TEXT)
    }
