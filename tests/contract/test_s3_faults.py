"""What a bucket refuses to clients, and what becomes of a call when the service is sick."""

import asyncio
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit
from uuid import uuid4

import httpx2
import pytest

from kro.core.storage import ObjectExistsError, ObjectNotFoundError, StorageUnavailableError, new_object_key
from kro.order.database.records import EvidenceUpload
from kro.order.database.words import UploadStatus
from kro.order.domain import EvidenceFiles
from log_lines import log_lines
from object_stores import HTTPWire, sandbox_wire

PDF = "application/pdf"
FILE = b"%PDF-1.7" * 100
SHORTLY = timedelta(minutes=5)


@pytest.fixture
async def wire(sandbox_url: str) -> AsyncIterator[HTTPWire]:
    async with sandbox_wire(sandbox_url, read_seconds=0.3, deadline_seconds=2) as opened:
        yield opened


@pytest.fixture
def fault(sandbox_url: str) -> Any:
    def add(operation: str, kind: str, **params: Any) -> None:
        wanted = {"vendor": "s3", "operation": operation, "kind": kind, **params}
        httpx2.post(f"{sandbox_url}/_sim/faults", json=wanted, trust_env=False).raise_for_status()

    return add


async def stored(wire: HTTPWire) -> str:
    key = new_object_key()
    await wire.store.put(key=key, data=FILE, content_type=PDF)
    return key


class TestSignedUploads:
    @pytest.mark.parametrize(
        ("data", "headers"),
        [
            (FILE + b"x", {}),
            (FILE[:-1], {}),
            (b"", {}),
            (FILE, {"Content-Type": "text/html"}),
            (FILE, {"If-None-Match": None}),
            (FILE, {"x-amz-acl": "public-read"}),
        ],
        ids=["more", "less", "none", "another-type", "unconditional", "public"],
    )
    async def test_are_held_to_what_was_announced(
        self, wire: HTTPWire, data: bytes, headers: dict[str, str | None]
    ) -> None:
        key = new_object_key()
        signed = await wire.store.presign_upload(key=key, content_type=PDF, size_bytes=len(FILE), lifetime=SHORTLY)

        sent = {name: value for name, value in {**signed.headers, **headers}.items() if value is not None}
        assert not await wire.upload(signed, data, sent)

        with pytest.raises(ObjectNotFoundError):
            await wire.store.size(key=key)
        assert await wire.upload(signed, FILE)

    @pytest.mark.parametrize("name", ["X-Amz-Expires", "X-Amz-Date", "X-Amz-SignedHeaders", "X-Amz-Signature"])
    async def test_are_held_to_their_address(self, wire: HTTPWire, name: str) -> None:
        signed = await wire.store.presign_upload(
            key=new_object_key(), content_type=PDF, size_bytes=len(FILE), lifetime=SHORTLY
        )
        parts = urlsplit(signed.url)
        query = dict(parse_qsl(parts.query))
        others = {"X-Amz-Expires": "86400", "X-Amz-SignedHeaders": "host", "X-Amz-Signature": "0" * 64}
        query[name] = others.get(name, datetime.now(UTC).strftime("%Y%m%dT%H%M00Z"))

        reply = await wire.http.put(
            parts._replace(query=urlencode(query)).geturl(), content=FILE, headers=dict(signed.headers)
        )

        assert reply.status_code == 403

    async def test_do_not_let_anybody_read(self, wire: HTTPWire) -> None:
        key = await stored(wire)
        signed = await wire.store.presign_upload(key=key, content_type=PDF, size_bytes=len(FILE), lifetime=SHORTLY)

        assert (await wire.http.get(signed.url)).status_code == 403
        assert (await wire.http.get(signed.url.partition("?")[0])).status_code == 403


class TestSignedDownloads:
    async def test_do_not_lead_to_another_name(self, wire: HTTPWire) -> None:
        signed = await wire.store.presign_download(
            key=await stored(wire), content_type=PDF, file_name="a.pdf", lifetime=SHORTLY
        )

        assert (await wire.http.get(signed.url)).content == FILE
        assert (await wire.http.get(signed.url.replace("a.pdf", "b.exe"))).status_code == 403


class TestSickness:
    async def test_that_passes_is_not_noticed(self, wire: HTTPWire, fault: Any) -> None:
        key = await stored(wire)
        fault("get", "http_error", status=503)

        assert await wire.store.get(key=key, max_bytes=len(FILE)) == FILE

    @pytest.mark.parametrize(
        ("kind", "params"),
        [
            ("http_error", {"status": 502, "times": 2}),
            ("rate_limited", {"times": 2}),
            ("timeout", {"seconds": 5, "times": 2}),
            # An answer that has begun is not asked for again.
            ("truncated", {}),
            ("slow_drip", {"bytes_per_second": 20}),
        ],
    )
    async def test_of_a_read_is_told(self, wire: HTTPWire, fault: Any, kind: str, params: dict[str, Any]) -> None:
        key = await stored(wire)
        fault("get", kind, **params)
        begun = time.monotonic()

        with log_lines() as lines, pytest.raises(StorageUnavailableError):
            await wire.store.get(key=key, max_bytes=len(FILE))

        assert time.monotonic() - begun < 4
        # The operator learns of it, and nobody learns where the file is.
        assert [line["event"] for line in lines] == ["storage_failed"]
        assert key not in str(lines)
        assert await wire.store.get(key=key, max_bytes=len(FILE)) == FILE

    async def test_of_many_reads_holds_up_nothing_that_needs_no_network(self, sandbox_url: str, fault: Any) -> None:
        async with sandbox_wire(sandbox_url, read_seconds=1.5, deadline_seconds=4, at_once=2) as wire:
            key = await stored(wire)
            fault("get", "timeout", seconds=9, times=100)
            reads = [asyncio.create_task(wire.store.get(key=key, max_bytes=len(FILE))) for _ in range(6)]
            await asyncio.sleep(0.1)

            signed = await wire.store.presign_download(key=key, content_type=PDF, file_name="a", lifetime=SHORTLY)

            assert signed.url
            assert not any(read.done() for read in reads)
            outcomes = await asyncio.gather(*reads, return_exceptions=True)
            assert {type(outcome) for outcome in outcomes} == {StorageUnavailableError}

    async def test_after_the_deed_does_not_lose_the_file(self, wire: HTTPWire, fault: Any) -> None:
        key = new_object_key()
        fault("put", "act_then_timeout", seconds=5)

        # The second try finds what the first one did.
        with pytest.raises(ObjectExistsError):
            await wire.store.put(key=key, data=FILE, content_type=PDF)

        assert await wire.store.get(key=key, max_bytes=len(FILE)) == FILE

    async def test_after_the_deed_is_not_noticed_by_evidence(self, wire: HTTPWire, fault: Any) -> None:
        upload = expected()
        fault("put", "act_then_http_error", status=500)

        inspected = await EvidenceFiles(wire.store).keep(upload, FILE)

        assert inspected.size_bytes == len(FILE)
        assert await wire.store.get(key=upload.storage_key, max_bytes=len(FILE)) == FILE


def expected() -> EvidenceUpload:
    now = datetime.now(UTC)
    return EvidenceUpload(
        id=uuid4(),
        order_id=uuid4(),
        uploaded_by=uuid4(),
        file_name="a.pdf",
        content_type=PDF,
        size_bytes=len(FILE),
        upload_key=None,
        storage_key=new_object_key(),
        status=UploadStatus.PENDING,
        slot=None,
        evidence_id=None,
        expires_at=now,
        cleaned_at=None,
        created_at=now,
        version=1,
    )
