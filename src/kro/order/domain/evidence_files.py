"""The files behind evidence: taken over from where clients put them, checked, kept, and cleaned up after."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from typing import Final

from kro.core.clock import Clock
from kro.core.storage import (
    ContentTypeError,
    FileSizeError,
    Inspected,
    ObjectExistsError,
    ObjectNotFoundError,
    ObjectStore,
    ObjectTooLargeError,
    StorageUnavailableError,
    inspect,
)
from kro.core.telemetry import get_logger
from kro.order.database.records import EvidenceUpload
from kro.order.database.uploads import UploadRepository
from kro.order.domain.errors import UploadNotArrivedError

# Whoever began to send a file or to complete it just before its end has long finished.
_REST: Final = timedelta(minutes=15)
_LOG = get_logger()


class EvidenceFiles:
    """``at_once`` files are held in memory at the same time; who comes later waits for ``wait_seconds`` at most."""

    def __init__(self, store: ObjectStore, *, at_once: int = 3, wait_seconds: float = 10) -> None:
        self._store = store
        self._slots = asyncio.Semaphore(at_once)
        self._wait_seconds = wait_seconds

    async def take_over(self, upload: EvidenceUpload) -> Inspected:
        """Check what the client uploaded and keep it where no client can reach it; what is bad is deleted.

        The file is kept under the key its row has named from the beginning, so that it can be found and removed if the
        process dies here, and what is kept first stays. Therefore this may run any number of times, also at once.

        :raises UploadNotArrivedError: when there is no file yet.
        :raises FileSizeError: when its size is not the announced one.
        :raises ContentTypeError: when it is not what it was announced to be.
        """
        async with self._slot():
            # Between the two looks another one may have kept the file and removed the uploaded one.
            for _ in range(2):
                with suppress(ObjectNotFoundError):
                    return await self._inspect_kept(upload)
                with suppress(ObjectNotFoundError):
                    return await self._keep_uploaded(upload)
        raise UploadNotArrivedError

    async def keep(self, upload: EvidenceUpload, data: bytes) -> Inspected:
        """Keep a file that is here already.

        :raises ContentTypeError: when it is not what it was announced to be.
        """
        inspected = await asyncio.to_thread(inspect, data, declared_content_type=upload.content_type)
        try:
            await self._store.put(key=upload.storage_key, data=data, content_type=upload.content_type)
        except ObjectExistsError:
            return await self._inspect_kept(upload)
        return inspected

    async def remove(self, keys: Iterable[str]) -> bool:
        """Remove objects; return whether all of them are gone, which they need not be at once."""
        try:
            for key in keys:
                await self._store.delete(key=key)
        except StorageUnavailableError:
            return False
        return True

    async def _inspect_kept(self, upload: EvidenceUpload) -> Inspected:
        data = await self._store.get(key=upload.storage_key, max_bytes=upload.size_bytes)
        return await asyncio.to_thread(inspect, data, declared_content_type=upload.content_type)

    async def _keep_uploaded(self, upload: EvidenceUpload) -> Inspected:
        if upload.upload_key is None:
            raise ObjectNotFoundError
        try:
            return await self.keep(upload, await self._fetch(upload.upload_key, size_bytes=upload.size_bytes))
        except (ContentTypeError, FileSizeError):
            await self.remove((upload.upload_key,))
            raise

    async def _fetch(self, key: str, *, size_bytes: int) -> bytes:
        try:
            data = await self._store.get(key=key, max_bytes=size_bytes)
        except ObjectTooLargeError:
            raise FileSizeError from None
        if len(data) != size_bytes:
            raise FileSizeError
        return data

    @asynccontextmanager
    async def _slot(self) -> AsyncIterator[None]:
        try:
            async with asyncio.timeout(self._wait_seconds):
                await self._slots.acquire()
        except TimeoutError:
            raise StorageUnavailableError from None
        try:
            yield
        finally:
            self._slots.release()


class UploadCleaning:
    """Removes what uploads leave behind: files that never became evidence, and uploaded copies of those that did."""

    def __init__(self, *, uploads: UploadRepository, files: EvidenceFiles, clock: Clock) -> None:
        self._uploads = uploads
        self._files = files
        self._clock = clock

    async def clean_due(self, *, limit: int) -> int:
        """Clean up after one batch of uploads that are over; return how many are done with.

        The rows are claimed first, so that none is completed meanwhile, and forgotten last, so that a crash in between
        only means doing it again.
        """
        now = self._clock.now()
        done = 0
        for upload in await self._uploads.claim_over(before=now - _REST, limit=limit):
            if await self._files.remove(upload.keys):
                await self._uploads.forget(upload.id, now=now)
                done += 1
            else:
                _LOG.warning("upload_not_cleaned", job="evidence.uploads")
        return done
