from __future__ import annotations

from collections.abc import Callable
from typing import Final
from urllib.parse import urlsplit

_LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})


def is_secure_url(url: str) -> bool:
    """Say whether a URL is https, or plain http that does not leave this machine."""
    return _is_https_or(url, lambda host: host in _LOOPBACK)


def is_callable_url(url: str) -> bool:
    """Say whether a provider may be called at a URL: also by plain http at a name without a dot.

    Such a name is another container of the same network, as the stand-ins have one; where money is real, the
    configuration takes no plain address at all.
    """
    return _is_https_or(url, lambda host: host in _LOOPBACK or _is_neighbour(host))


def _is_neighbour(host: str) -> bool:
    # What begins with a digit may be an address in one number.
    return host[:1].isalpha() and "." not in host and ":" not in host


def _is_https_or(url: str, plain: Callable[[str], bool]) -> bool:
    try:
        parts = urlsplit(url)
        host = parts.hostname
    except ValueError:
        return False
    return host is not None and host != "" and (parts.scheme == "https" or (parts.scheme == "http" and plain(host)))
