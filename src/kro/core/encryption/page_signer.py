from __future__ import annotations

import base64
import hashlib

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey


class PageSigner:
    """Signs what a public page says (Ed25519, RFC 8032), so that anybody can check it later without asking us."""

    def __init__(self, *, key: bytes) -> None:
        self._key = Ed25519PrivateKey.from_private_bytes(key)
        self._public = self._key.public_key().public_bytes_raw()

    @property
    def public_key(self) -> str:
        """The 32 bytes of the public key in base64url."""
        return _base64url(self._public)

    @property
    def key_id(self) -> str:
        """A name for the key: the beginning of its fingerprint."""
        return hashlib.sha256(self._public).hexdigest()[:16]

    def sign(self, text: bytes) -> str:
        """Return the signature of exactly these bytes in base64url."""
        return _base64url(self._key.sign(text))


def _base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
