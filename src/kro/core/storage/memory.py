from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final
from urllib.parse import parse_qsl, urlencode, urlsplit

from kro.core.storage.interface import (
    ObjectExistsError,
    ObjectNotFoundError,
    ObjectTooLargeError,
    SignedDownload,
    SignedUpload,
    StorageUnavailableError,
    ensure_object_key,
)
from kro.utils.content_disposition import attachment

_HOST: Final = "https://objects.invalid"


@dataclass(slots=True)
class MemoryObjectStore:
    """Objects in memory, for tests. ``content_types`` shows what each was stored as.

    :meth:`receive` stands for the wire: it does what a real store does with a request to a signed address. While
    ``is_down`` is set nothing can be reached.
    """

    objects: dict[str, bytes] = field(default_factory=dict)
    content_types: dict[str, str] = field(default_factory=dict)
    is_down: bool = False
    _uploads: dict[str, tuple[str, str, int]] = field(default_factory=dict)

    async def put(self, *, key: str, data: bytes, content_type: str) -> None:
        self._reach()
        if ensure_object_key(key) in self.objects:
            raise ObjectExistsError
        self.objects[key] = data
        self.content_types[key] = content_type

    async def get(self, *, key: str, max_bytes: int) -> bytes:
        self._reach()
        data = self._found(key)
        if len(data) > max_bytes:
            raise ObjectTooLargeError
        return data

    async def size(self, *, key: str) -> int:
        self._reach()
        return len(self._found(key))

    async def delete(self, *, key: str) -> None:
        self._reach()
        self.objects.pop(ensure_object_key(key), None)

    async def presign_upload(
        self, *, key: str, content_type: str, size_bytes: int, lifetime: timedelta
    ) -> SignedUpload:
        url = f"{_HOST}/{ensure_object_key(key)}?{urlencode({'size': size_bytes, 'type': content_type})}"
        self._uploads[url] = (key, content_type, size_bytes)
        return SignedUpload("PUT", url, {"Content-Type": content_type}, _now() + lifetime)

    async def presign_download(
        self, *, key: str, content_type: str, file_name: str, lifetime: timedelta
    ) -> SignedDownload:
        query = urlencode({"name": file_name, "type": content_type})
        return SignedDownload(f"{_HOST}/{ensure_object_key(key)}?{query}", _now() + lifetime)

    async def receive(self, url: str, headers: Mapping[str, str], data: bytes) -> bool:
        """Take in what a client uploads to a signed address; return whether it was accepted."""
        key, content_type, size = self._uploads.get(url, ("", "", 0))
        if not key or key in self.objects or len(data) != size or headers.get("Content-Type") != content_type:
            return False
        await self.put(key=key, data=data, content_type=content_type)
        return True

    def served(self, url: str) -> bytes:
        """Return what a client downloads from a signed address."""
        return self.objects[urlsplit(url).path.removeprefix("/")]

    def headers(self, url: str) -> Mapping[str, str]:
        """Return the headers that a download from a signed address comes with."""
        query = dict(parse_qsl(urlsplit(url).query))
        return {"content-type": query["type"], "content-disposition": attachment(query["name"])}

    def _found(self, key: str) -> bytes:
        try:
            return self.objects[ensure_object_key(key)]
        except KeyError:
            raise ObjectNotFoundError from None

    def _reach(self) -> None:
        if self.is_down:
            raise StorageUnavailableError


def _now() -> datetime:
    return datetime.now(UTC)
