from __future__ import annotations

import hashlib
import hmac
from typing import Final

_KEY_BYTES: Final = 32


class BlindIndex:
    """Keyed hashes of encrypted values, so that equal values can be found without being readable.

    The caller normalizes first (E.164, digits only); the context keeps equal values of different fields apart.
    """

    def __init__(self, *, key: bytes) -> None:
        if len(key) != _KEY_BYTES:
            raise ValueError("the key is 32 bytes")
        self._key = key

    def of(self, value: str, *, context: str) -> str:
        """Return HMAC-SHA256 of a value within its context, as hexadecimal."""
        # The length of the context comes first, so that no context and value can be shifted into another pair.
        message = f"{len(context)}:{context}:{value}".encode()
        return hmac.new(self._key, message, hashlib.sha256).hexdigest()
