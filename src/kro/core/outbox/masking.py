from __future__ import annotations

import re
from typing import Any, Final

MASK: Final = "***"
_WORDS: Final = frozenset(
    {"channel", "channels", "event", "kind", "purpose", "role", "state", "status", "task", "template", "topic", "type"}
)
"""Members whose texts are words of ours."""
_SHOWN_ID: Final = re.compile(r"[a-z]{3}_[0-9a-hjkmnp-tv-z]{26}")
_UUID: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_TIME: Final = re.compile(r"\d{4}-\d\d-\d\d(T\d\d:\d\d:\d\d[0-9.:+Z-]{0,20})?")
_WORD: Final = re.compile(r"[a-z][a-z0-9_.]{0,59}")


def masked_payload(payload: Any) -> Any:  # noqa: ANN401 - any JSON
    """Return a message's content with its shape, ids, times and numbers, and every other text masked.

    Deny by default: a text is shown only where it is known to name nobody. Big numbers are masked, for they may be a
    phone or an account.
    """
    return _masked(payload, name="")


def _masked(value: Any, *, name: str) -> Any:  # noqa: ANN401 - any JSON
    match value:
        case dict():
            return {key: _masked(part, name=key) for key, part in value.items()}
        case list():
            return [_masked(part, name=name) for part in value]
        case None | bool():
            return value
        case int() | float():
            return value if name == "amount" or abs(value) < 10**8 else MASK
        case _:
            return value if _tells_nobody(str(value), name) else MASK


def _tells_nobody(text: str, name: str) -> bool:
    if _SHOWN_ID.fullmatch(text) or (name in _WORDS and _WORD.fullmatch(text)):
        return True
    return _UUID.fullmatch(text) is not None or _TIME.fullmatch(text) is not None
