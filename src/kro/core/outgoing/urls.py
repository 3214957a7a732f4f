from __future__ import annotations

from typing import Final
from urllib.parse import urlsplit

_LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})


def is_secure_url(url: str) -> bool:
    """Say whether a URL is https, or plain http that does not leave this machine."""
    try:
        parts = urlsplit(url)
        hostname = parts.hostname
    except ValueError:
        return False
    return bool(hostname) and (parts.scheme == "https" or (parts.scheme == "http" and hostname in _LOOPBACK))
