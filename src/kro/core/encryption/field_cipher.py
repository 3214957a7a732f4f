from __future__ import annotations

import base64
import binascii
import os
import re
from collections.abc import Callable, Mapping
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from kro.core.errors import ErrorKind, KroError

_VERSION: Final = "v1"
_KEY_BYTES: Final = 32
_NONCE_BYTES: Final = 12
_KEY_ID: Final = re.compile(r"[A-Za-z0-9_-]{1,32}")


class SealedValueError(KroError):
    """A sealed value cannot be opened: it was altered, belongs elsewhere, or its key is gone."""

    kind = ErrorKind.CONFLICT
    code = "sealed_value_unreadable"


class FieldCipher:
    """AES-256-GCM for single database fields: ``v1.<key id>.<base64url of nonce and ciphertext>``.

    The context (table, column, row) is authenticated with the value, so a value copied to another row does not open.
    Every key in ``keys`` opens; the active one seals, which is how keys are rotated. A key should seal fewer than
    2^32 values, because nonces are random (NIST SP 800-38D, 8.3).
    """

    def __init__(
        self, *, keys: Mapping[str, bytes], active_key_id: str, random_bytes: Callable[[int], bytes] = os.urandom
    ) -> None:
        if active_key_id not in keys:
            raise ValueError("the active key id names no key")
        if not all(_KEY_ID.fullmatch(key_id) and len(key) == _KEY_BYTES for key_id, key in keys.items()):
            raise ValueError("key ids are 1 to 32 letters, digits, - or _; keys are 32 bytes")
        self._ciphers = {key_id: AESGCM(key) for key_id, key in keys.items()}
        self._active = active_key_id
        self._random_bytes = random_bytes

    def seal(self, plaintext: str, *, context: str) -> str:
        """Encrypt a value for one place. The same value seals differently each time."""
        nonce = self._random_bytes(_NONCE_BYTES)
        sealed = self._ciphers[self._active].encrypt(nonce, plaintext.encode(), _bound_to(self._active, context))
        return f"{_VERSION}.{self._active}.{base64.urlsafe_b64encode(nonce + sealed).decode()}"

    def open(self, sealed: str, *, context: str) -> str:
        """Decrypt a value in the context it was sealed for.

        :raises SealedValueError: if anything about it does not fit; the reason is not told apart.
        """
        try:
            version, key_id, text = sealed.split(".")
            content = base64.b64decode(text, altchars=b"-_", validate=True)
            if version != _VERSION:
                raise SealedValueError
            nonce, ciphertext = content[:_NONCE_BYTES], content[_NONCE_BYTES:]
            return self._ciphers[key_id].decrypt(nonce, ciphertext, _bound_to(key_id, context)).decode()
        except (ValueError, KeyError, binascii.Error, InvalidTag):
            raise SealedValueError from None

    @property
    def beginning(self) -> str:
        """How everything begins that the active key sealed."""
        return f"{_VERSION}.{self._active}."

    def is_current(self, sealed: str) -> bool:
        """Say whether a value is sealed with the active key; the others are due to be sealed anew."""
        return sealed.startswith(self.beginning)


def _bound_to(key_id: str, context: str) -> bytes:
    return f"{_VERSION}.{key_id}.{context}".encode()
