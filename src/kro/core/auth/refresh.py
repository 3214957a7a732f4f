"""Refresh tokens: random, single use, each the parent of exactly one successor."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
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
    key: int = field(default=0, compare=False)
    """Which of the server's keys knows it; a new token is of the first."""

    @property
    def digest(self) -> bytes:
        return hashlib.sha256(self.secret).digest()


class RefreshTokens:
    """Makes and reads refresh tokens with server keys: the first of them makes, all of them read.

    A key serves twice. A tag proves that a token was ours once, so that a spent one of any age is told from a
    made-up one and may end its session, while nobody can end sessions by guessing. And a successor is computed from
    its parent, so that an honest double submit gets the same one although nothing readable is stored. The successor
    comes from the key that knows its parent and is shown with the tag of the first key, so sessions outlive a
    rotation, and taking a key away ends those that have not been refreshed since.
    """

    def __init__(self, *, keys: Sequence[bytes], randomness: Randomness) -> None:
        self._keys = tuple(keys)
        self._randomness = randomness

    def first(self, session_id: UUID) -> RefreshToken:
        return RefreshToken(session_id, self._randomness.token(_SECRET_BYTES))

    def successor(self, token: RefreshToken) -> RefreshToken:
        """Return the one token that follows a token which :meth:`read` returned."""
        return RefreshToken(token.session_id, _mac(self._keys[token.key], b"successor", token))

    def show(self, token: RefreshToken) -> str:
        """Return the text the client keeps."""
        tag = _mac(self._keys[0], b"genuine", token)[:_TAG_BYTES]
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
        for number, key in enumerate(self._keys):
            if hmac.compare_digest(content[-_TAG_BYTES:], _mac(key, b"genuine", token)[:_TAG_BYTES]):
                return replace(token, key=number)
        raise InvalidTokenError


def _mac(key: bytes, purpose: bytes, token: RefreshToken) -> bytes:
    message = b"refresh\n" + purpose + b"\n" + token.session_id.bytes + token.secret
    return hmac.digest(key, message, hashlib.sha256)
