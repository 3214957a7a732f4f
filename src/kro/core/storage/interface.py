from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, Protocol

from kro.core.errors import ErrorKind, KroError

_KEY: Final = re.compile(r"[0-9a-f]{64}")
_KEY_BYTES: Final = 32


class ObjectNotFoundError(KroError):
    """There is no stored object under this key."""

    kind = ErrorKind.NOT_FOUND
    code = "object_not_found"


class ObjectExistsError(KroError):
    """There is already an object under this key, and stored objects never change."""

    kind = ErrorKind.CONFLICT
    code = "object_exists"


class ObjectTooLargeError(KroError):
    """The stored object is larger than its reader expects."""

    kind = ErrorKind.TOO_LARGE
    code = "object_too_large"


class InvalidObjectKeyError(KroError):
    """The key was not made by ``new_object_key``."""

    kind = ErrorKind.INVALID
    code = "invalid_object_key"


class StorageUnavailableError(KroError):
    """Files cannot be stored or read at this moment; try again shortly."""

    kind = ErrorKind.OVERLOADED
    code = "storage_unavailable"
    retryable = True

    def __init__(self) -> None:
        super().__init__(retry_after_seconds=2)


@dataclass(frozen=True, slots=True)
class SignedUpload:
    """How a client puts one object: this request, with these headers and exactly the bytes that were announced.

    Whoever holds ``url`` may use it until ``expires_at``, so it is shown to its client and never logged.
    """

    method: str
    url: str = field(repr=False)
    headers: Mapping[str, str]
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class SignedDownload:
    """Where anybody who holds ``url`` gets one object, until ``expires_at``."""

    url: str = field(repr=False)
    expires_at: datetime


class ObjectStore(Protocol):
    """Private files that never change. The content type belongs to the row that names the key.

    Every method raises ``InvalidObjectKeyError`` for a key that ``new_object_key`` did not make, and those that reach
    for the files ``StorageUnavailableError`` when nobody knows whether they did their work.
    """

    async def put(self, *, key: str, data: bytes, content_type: str) -> None:
        """Store an object durably under a fresh key.

        :raises ObjectExistsError: if the key is taken.
        """
        ...

    async def get(self, *, key: str, max_bytes: int) -> bytes:
        """Return a stored object.

        :raises ObjectNotFoundError: if there is none.
        :raises ObjectTooLargeError: if it is larger than ``max_bytes``; no more than that is read.
        """
        ...

    async def size(self, *, key: str) -> int:
        """Return the size of a stored object in bytes.

        :raises ObjectNotFoundError: if there is none.
        """
        ...

    async def delete(self, *, key: str) -> None:
        """Make sure that there is no object under this key."""
        ...

    async def presign_upload(
        self, *, key: str, content_type: str, size_bytes: int, lifetime: timedelta
    ) -> SignedUpload:
        """Let whoever gets the answer put this one object, of exactly this type and size, once."""
        ...

    async def presign_download(
        self, *, key: str, content_type: str, file_name: str, lifetime: timedelta
    ) -> SignedDownload:
        """Let whoever gets the answer download this one object, as an attachment under the file's name."""
        ...


def new_object_key(token_hex: Callable[[int], str] = secrets.token_hex) -> str:
    """Return an unguessable key: 256 random bits as lower-case hexadecimal, never made from a user's file name."""
    return token_hex(_KEY_BYTES)


def ensure_object_key(key: str) -> str:
    """Return the key if it is well-formed, which leaves no room for a path in it.

    :raises InvalidObjectKeyError: otherwise.
    """
    if _KEY.fullmatch(key) is None:
        raise InvalidObjectKeyError
    return key
