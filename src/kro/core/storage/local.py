from __future__ import annotations

import asyncio
import os
import secrets
from pathlib import Path
from typing import Final

from kro.core.storage.interface import ObjectExistsError, ObjectNotFoundError, ensure_object_key

_FOLDER_MODE: Final = 0o700
_FILE_MODE: Final = 0o600
_SHARD: Final = 2


class LocalObjectStore:
    """Objects as files in one private folder, in subfolders by the first letters of their key.

    A file appears whole or not at all, and is on disk when ``put`` returns. All file access happens in threads.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def put(self, *, key: str, data: bytes, content_type: str) -> None:  # noqa: ARG002 - Its row keeps it.
        await asyncio.to_thread(_write_new, self._path(key), data)

    async def get(self, *, key: str) -> bytes:
        try:
            return await asyncio.to_thread(self._path(key).read_bytes)
        except FileNotFoundError:
            raise ObjectNotFoundError from None

    def _path(self, key: str) -> Path:
        return self._folder / ensure_object_key(key)[:_SHARD] / key


def _write_new(path: Path, data: bytes) -> None:
    shard = path.parent
    shard.parent.mkdir(mode=_FOLDER_MODE, parents=True, exist_ok=True)
    shard.mkdir(mode=_FOLDER_MODE, exist_ok=True)
    temporary = shard / f".{path.name}.{secrets.token_hex(8)}"
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
