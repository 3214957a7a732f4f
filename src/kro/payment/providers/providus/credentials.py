"""The constant by which both sides know each other: it covers neither body nor time."""

from __future__ import annotations

import hashlib


def signature(client_id: str, client_secret: str) -> str:
    """Return ``X-Auth-Signature``: the SHA-512 of ``id:secret`` as upper-case hexadecimal, on every call the same."""
    return hashlib.sha512(f"{client_id}:{client_secret}".encode()).hexdigest().upper()
