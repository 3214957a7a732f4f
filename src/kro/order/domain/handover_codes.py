"""Handover codes as values: how they are drawn, kept, compared and sealed for sending."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass, field
from typing import Final
from uuid import UUID

from kro.core.auth.randomness import Randomness
from kro.core.encryption import FieldCipher

CODE_DIGITS: Final = 6
MAX_TRIES: Final = 5


@dataclass(frozen=True, slots=True)
class DrawnCode:
    """A new code: ``mac`` (hex) is kept, ``sealed`` goes out by SMS, and the code itself is shown once."""

    code: str = field(repr=False)
    mac: str = field(repr=False)
    sealed: str = field(repr=False)


class HandoverCodes:
    """Six digits are hashed in a second, so a plain hash would hide nothing: the key does (as for one-time codes)."""

    def __init__(self, *, key: bytes, cipher: FieldCipher, randomness: Randomness) -> None:
        self._key = key
        self._cipher = cipher
        self._randomness = randomness

    def draw(self, condition_id: UUID) -> DrawnCode:
        """Draw a code for one condition; it fits no other."""
        code = self._randomness.digits(CODE_DIGITS)
        sealed = self._cipher.seal(code, context=str(condition_id))
        return DrawnCode(code=code, mac=self._mac(code, condition_id), sealed=sealed)

    def is_right(self, code: str, *, mac: str, condition_id: UUID) -> bool:
        """Compare in constant time."""
        return hmac.compare_digest(self._mac(code, condition_id), mac)

    def _mac(self, code: str, condition_id: UUID) -> str:
        message = "\n".join(("handover", str(condition_id), code)).encode()
        return hmac.new(self._key, message, hashlib.sha256).hexdigest()
