from __future__ import annotations

import asyncio
import os
import secrets
from datetime import timedelta
from pathlib import Path
from typing import Final

from kro.core.storage.interface import (
    ObjectExistsError,
    ObjectNotFoundError,
    ObjectTooLargeError,
    SignedDownload,
    SignedUpload,
    ensure_object_key,
)
from kro.core.storage.links import DownloadLink, LinkSigner, UploadLink

_FOLDER_MODE: Final = 0o700
_FILE_MODE: Final = 0o600
_SHARD: Final = 2


class LocalObjectStore:
    """Objects as files in one private folder, in subfolders by the first letters of their key.

    A file appears whole or not at all, and is on disk when ``put`` returns. All file access happens in threads. Signed
    links lead to our own API, which asks :attr:`links` whether they are good.
    """

    def __init__(self, folder: Path, *, links: LinkSigner) -> None:
        self._folder = folder
        self.links = links

    async def put(self, *, key: str, data: bytes, content_type: str) -> None:  # noqa: ARG002 - Its row keeps it.
        await asyncio.to_thread(_write_new, self.path(key), data)

    async def get(self, *, key: str, max_bytes: int) -> bytes:
        return await asyncio.to_thread(_read, self.path(key), max_bytes)

    async def size(self, *, key: str) -> int:
        try:
            return (await asyncio.to_thread(self.path(key).stat)).st_size
        except FileNotFoundError:
            raise ObjectNotFoundError from None

    async def delete(self, *, key: str) -> None:
        await asyncio.to_thread(_remove, self.path(key))

    async def presign_upload(
        self, *, key: str, content_type: str, size_bytes: int, lifetime: timedelta
    ) -> SignedUpload:
        expires_at = self.links.now() + lifetime
        link = UploadLink(ensure_object_key(key), content_type, size_bytes, int(expires_at.timestamp()))
        return SignedUpload("PUT", self.links.upload_url(link), {"Content-Type": content_type}, expires_at)

    async def presign_download(
        self, *, key: str, content_type: str, file_name: str, lifetime: timedelta
    ) -> SignedDownload:
        expires_at = self.links.now() + lifetime
        link = DownloadLink(ensure_object_key(key), content_type, file_name, int(expires_at.timestamp()))
        return SignedDownload(self.links.download_url(link), expires_at)

    def path(self, key: str) -> Path:
        return self._folder / ensure_object_key(key)[:_SHARD] / key


def _read(path: Path, max_bytes: int) -> bytes:
    try:
        with path.open("rb") as file:
            data = file.read(max_bytes + 1)
    except FileNotFoundError:
        raise ObjectNotFoundError from None
    if len(data) > max_bytes:
        raise ObjectTooLargeError
    return data


def _remove(path: Path) -> None:
    path.unlink(missing_ok=True)
    # A process that died while it wrote left what it had.
    for unfinished in path.parent.glob(f"{_unfinished(path)}*"):
        unfinished.unlink(missing_ok=True)


def _unfinished(path: Path) -> str:
    return f".{path.name}."


def _write_new(path: Path, data: bytes) -> None:
    shard = path.parent
    shard.parent.mkdir(mode=_FOLDER_MODE, parents=True, exist_ok=True)
    shard.mkdir(mode=_FOLDER_MODE, exist_ok=True)
    temporary = shard / f"{_unfinished(path)}{secrets.token_hex(8)}"
    try:
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _FILE_MODE)
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        # A link, unlike a rename, fails if the name is taken.
        os.link(temporary, path)
    except FileExistsError:
        raise ObjectExistsError from None
    finally:
        temporary.unlink(missing_ok=True)
    _sync_folder(shard)
    _sync_folder(shard.parent)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
