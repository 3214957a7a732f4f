from __future__ import annotations

import secrets
from typing import Protocol


class Randomness(Protocol):
    """Where secrets come from; injected so that tests can predict them."""

    def token(self, size: int) -> bytes:
        """Return that many unpredictable bytes."""
        ...

    def digits(self, count: int) -> str:
        """Return that many unpredictable decimal digits, leading zeros included."""
        ...


class SystemRandomness:
    """The operating system's CSPRNG."""

    def token(self, size: int) -> bytes:
        return secrets.token_bytes(size)

    def digits(self, count: int) -> str:
        return f"{secrets.randbelow(10**count):0{count}d}"
