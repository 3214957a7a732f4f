from __future__ import annotations

import base64
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from kro.core.encryption.field_cipher import FieldCipher

_DATA_KEY_BYTES: Final = 32
_DATA_KEY_ID: Final = "data"


@dataclass(frozen=True, slots=True)
class Envelope:
    """A value sealed with a key of its own, and that key sealed with one of ours."""

    key: str = field(repr=False)
    content: str = field(repr=False)


class EnvelopeCipher:
    """Seals each record with a data key of its own, wrapped by the active key of a :class:`FieldCipher`.

    Rotating our keys re-wraps short data keys and never touches the records; whoever forgets a data key has forgotten
    the record. Key and content are bound to the record's context each.
    """

    def __init__(self, cipher: FieldCipher, *, random_bytes: Callable[[int], bytes] = os.urandom) -> None:
        self._cipher = cipher
        self._random_bytes = random_bytes

    def seal(self, plaintext: str, *, context: str) -> Envelope:
        """Encrypt a value for one record with a fresh data key."""
        key = base64.urlsafe_b64encode(self._random_bytes(_DATA_KEY_BYTES)).decode()
        wrapped = self._cipher.seal(key, context=_of_key(context))
        return Envelope(wrapped, self._with(key).seal(plaintext, context=context))

    def seal_beside(self, key: str, plaintext: str, *, context: str, part: str) -> str:
        """Encrypt another part of the same record with its data key.

        :raises SealedValueError: if the key does not fit.
        """
        return self._with(self._unwrap(key, context)).seal(plaintext, context=f"{context}#{part}")

    def open(self, envelope: Envelope, *, context: str) -> str:
        """Decrypt a value in the context it was sealed for.

        :raises SealedValueError: if anything about it does not fit.
        """
        return self._with(self._unwrap(envelope.key, context)).open(envelope.content, context=context)

    def open_beside(self, key: str, content: str, *, context: str, part: str) -> str:
        """Decrypt another part of a record.

        :raises SealedValueError: if anything about it does not fit.
        """
        return self._with(self._unwrap(key, context)).open(content, context=f"{context}#{part}")

    def rewrap(self, key: str, *, context: str) -> str | None:
        """Return a data key wrapped by the active key, ``None`` when it is already.

        :raises SealedValueError: if the key does not fit, or what wrapped it is gone.
        """
        if self._cipher.is_current(key):
            return None
        return self._cipher.seal(self._unwrap(key, context), context=_of_key(context))

    def _unwrap(self, key: str, context: str) -> str:
        return self._cipher.open(key, context=_of_key(context))

    def _with(self, key: str) -> FieldCipher:
        data_key = base64.urlsafe_b64decode(key)
        return FieldCipher(keys={_DATA_KEY_ID: data_key}, active_key_id=_DATA_KEY_ID, random_bytes=self._random_bytes)


def _of_key(context: str) -> str:
    return f"{context}#key"
