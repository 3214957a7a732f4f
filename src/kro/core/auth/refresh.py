"""Refresh tokens: random, single use, each the parent of exactly one successor."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from dataclasses import dataclass, field
from typing import Final
from uuid import UUID

from kro.core.auth.randomness import Randomness
from kro.core.auth.tokens import InvalidTokenError

_ID_BYTES: Final = 16
_SECRET_BYTES: Final = 32
_TAG_BYTES: Final = 16
_LENGTH: Final = _ID_BYTES + _SECRET_BYTES + _TAG_BYTES


@dataclass(frozen=True, slots=True)
class RefreshToken:
    """A session's current right to go on. Only the SHA-256 of the secret is ever stored."""

    session_id: UUID
    secret: bytes = field(repr=False)

    @property
    def digest(self) -> bytes:
        return hashlib.sha256(self.secret).digest()


class RefreshTokens:
    """Makes and reads refresh tokens with a server key.

    The key serves twice. A tag proves that a token was ours once, so that a spent one of any age is told from a
    made-up one and may end its session, while nobody can end sessions by guessing. And a successor is computed from
    its parent, so that an honest double submit gets the same one although nothing readable is stored.
    """

    def __init__(self, *, key: bytes, randomness: Randomness) -> None:
        self._key = key
        self._randomness = randomness

    def first(self, session_id: UUID) -> RefreshToken:
        return RefreshToken(session_id, self._randomness.token(_SECRET_BYTES))

    def successor(self, token: RefreshToken) -> RefreshToken:
        return RefreshToken(token.session_id, self._mac(b"successor", token))

    def show(self, token: RefreshToken) -> str:
        """Return the text the client keeps."""
        tag = self._mac(b"genuine", token)[:_TAG_BYTES]
        return base64.urlsafe_b64encode(token.session_id.bytes + token.secret + tag).rstrip(b"=").decode()

    def read(self, text: str) -> RefreshToken:
        """Parse a client's text.

        :raises InvalidTokenError: unless this server made it; whether it is still good is for the database to say.
        """
        try:
            content = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        except (binascii.Error, ValueError):
            raise InvalidTokenError from None
        if len(content) != _LENGTH:
            raise InvalidTokenError
        token = RefreshToken(UUID(bytes=content[:_ID_BYTES]), content[_ID_BYTES:-_TAG_BYTES])
        if not hmac.compare_digest(content[-_TAG_BYTES:], self._mac(b"genuine", token)[:_TAG_BYTES]):
            raise InvalidTokenError
        return token

    def _mac(self, purpose: bytes, token: RefreshToken) -> bytes:
        message = b"refresh\n" + purpose + b"\n" + token.session_id.bytes + token.secret
        return hmac.digest(self._key, message, hashlib.sha256)
