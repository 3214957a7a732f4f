"""Taking files over, with others at it in the same moment."""

import asyncio
from dataclasses import dataclass, field
from datetime import UTC, datetime
from uuid import UUID

import pytest

from kro.core.storage import (
    FileSizeError,
    MemoryObjectStore,
    ObjectNotFoundError,
    StorageUnavailableError,
    new_object_key,
)
from kro.order.database.records import EvidenceUpload
from kro.order.database.words import UploadStatus
from kro.order.domain import EvidenceFiles
from kro.order.domain.errors import UploadNotArrivedError

PDF = "application/pdf"
FILE = b"%PDF-1.7" * 10
NOW = datetime(2026, 1, 15, 9, tzinfo=UTC)


def pending() -> EvidenceUpload:
    return EvidenceUpload(
        id=UUID(int=1),
        order_id=UUID(int=2),
        uploaded_by=UUID(int=3),
        file_name="waybill.pdf",
        content_type=PDF,
        size_bytes=len(FILE),
        upload_key=new_object_key(),
        storage_key=new_object_key(),
        status=UploadStatus.PENDING,
        slot=1,
        evidence_id=None,
        expires_at=NOW,
        cleaned_at=None,
        created_at=NOW,
        version=1,
    )


@dataclass
class OvertakenStore(MemoryObjectStore):
    """Another completion is through, and has tidied up, just before we get to the uploaded file."""

    upload: EvidenceUpload = field(default_factory=pending)

    async def get(self, *, key: str, max_bytes: int) -> bytes:
        if key == self.upload.upload_key:
            await self.put(key=self.upload.storage_key, data=FILE, content_type=PDF)
            raise ObjectNotFoundError
        return await MemoryObjectStore.get(self, key=key, max_bytes=max_bytes)


@dataclass
class SlowStore(MemoryObjectStore):
    """Answers when told to; counts how many wait for it."""

    answers: asyncio.Event = field(default_factory=asyncio.Event)
    waiting: int = 0

    async def get(self, *, key: str, max_bytes: int) -> bytes:
        self.waiting += 1
        await self.answers.wait()
        return await MemoryObjectStore.get(self, key=key, max_bytes=max_bytes)


async def test_whoever_is_overtaken_finds_what_the_other_one_kept() -> None:
    store = OvertakenStore()

    inspected = await EvidenceFiles(store).take_over(store.upload)

    assert inspected.size_bytes == len(FILE)


async def test_nothing_that_was_kept_is_read_again_from_the_link() -> None:
    store, upload = MemoryObjectStore(), pending()
    await store.put(key=str(upload.upload_key), data=FILE, content_type=PDF)
    first = await EvidenceFiles(store).take_over(upload)
    store.objects[str(upload.upload_key)] = FILE[:-1] + b"x"

    second = await EvidenceFiles(store).take_over(upload)

    assert first == second


async def test_a_file_that_is_larger_than_announced_is_not_read_and_goes() -> None:
    store, upload = MemoryObjectStore(), pending()
    await store.put(key=str(upload.upload_key), data=FILE + b"x", content_type=PDF)

    with pytest.raises(FileSizeError):
        await EvidenceFiles(store).take_over(upload)

    assert store.objects == {}


async def test_a_file_that_has_not_arrived_is_told() -> None:
    with pytest.raises(UploadNotArrivedError):
        await EvidenceFiles(MemoryObjectStore()).take_over(pending())


async def test_few_files_are_in_memory_at_once_and_nobody_waits_for_long() -> None:
    store, upload = SlowStore(), pending()
    files = EvidenceFiles(store, at_once=2, wait_seconds=0.05)

    running = [asyncio.create_task(files.take_over(upload)) for _ in range(5)]
    done, _ = await asyncio.wait(running, timeout=1, return_when=asyncio.ALL_COMPLETED)

    assert store.waiting == 2
    assert {type(task.exception()) for task in done} == {StorageUnavailableError}
    assert len(done) == 3
    store.answers.set()
    outcomes = await asyncio.gather(*running, return_exceptions=True)
    assert sum(isinstance(outcome, UploadNotArrivedError) for outcome in outcomes) == 2
