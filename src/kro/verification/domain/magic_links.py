"""Tokens of links that stand for a person: 256 random bits, kept only as a hash."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final
from uuid import UUID

from kro.core.auth.randomness import Randomness
from kro.core.encryption import FieldCipher
from kro.core.ids import IdSource

_TOKEN_BYTES: Final = 32


class LinkPurpose(StrEnum):
    ORDER_INVITE = "order_invite"


@dataclass(frozen=True, slots=True)
class DrawnLink:
    """A new link: the hash to keep, and the token sealed for the message that carries it."""

    id: UUID
    digest: bytes
    sealed: str = field(repr=False)


class MagicLinks:
    def __init__(self, *, cipher: FieldCipher, randomness: Randomness, ids: IdSource) -> None:
        self._cipher = cipher
        self._randomness = randomness
        self._ids = ids

    def draw(self) -> DrawnLink:
        """Return a link nobody knows yet."""
        link_id = self._ids.new()
        token = base64.urlsafe_b64encode(self._randomness.token(_TOKEN_BYTES)).rstrip(b"=").decode()
        return DrawnLink(link_id, digest_of(token), self._cipher.seal(token, context=str(link_id)))


def digest_of(token: str) -> bytes:
    """Return what a token is looked up by. It is long and random, so a plain hash tells nothing of it."""
    return hashlib.sha256(token.encode()).digest()
