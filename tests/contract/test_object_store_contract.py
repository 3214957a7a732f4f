"""Every object store keeps the same promises, also to the clients that reach it through signed addresses."""

import asyncio
import stat
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import unquote
from uuid import uuid4

import boto3
import pytest
from moto.server import ThreadedMotoServer

from kro.core.clock import SystemClock
from kro.core.storage import (
    InvalidObjectKeyError,
    MemoryObjectStore,
    ObjectExistsError,
    ObjectNotFoundError,
    ObjectStore,
    ObjectTooLargeError,
    S3ObjectStore,
    S3Settings,
    StorageUnavailableError,
    new_object_key,
)
from object_stores import MemoryWire, Wire, local_store, local_wire, s3_wire, sandbox_wire

PDF = "application/pdf"
FILE = b"%PDF-1.7\x00\xff" * 100
SHORTLY = timedelta(minutes=5)
LIMIT = 10_000
NO_KEYS = [
    "",
    ".",
    "..",
    "../../etc/passwd",
    "/etc/passwd",
    "a" * 63,
    "A" * 64,
    "a" * 64 + "\n",
    "a" * 63 + "\x00",
]
NAMES = ["waybill.pdf", "Rechnung für Ọlá 😀.pdf", 'a"; filename=x.exe', "a\r\nb: c", "%41", "\u202efdp.exe"]
"""What a user may call a file, and what would break out of a header that trusts it."""


@pytest.fixture(scope="session")
def _moto() -> Iterator[str]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture(params=["memory", "local", "moto", "sandbox"])
async def wire(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Wire]:
    async with AsyncExitStack() as open_:
        match request.param:
            case "memory":
                yield MemoryWire(MemoryObjectStore())
            case "local":
                yield await open_.enter_async_context(local_wire(tmp_path / "not" / "yet" / "there"))
            case "sandbox":
                yield await open_.enter_async_context(sandbox_wire(request.getfixturevalue("sandbox_url")))
            case _:
                endpoint, bucket = request.getfixturevalue("_moto"), f"kro-{uuid4().hex}"
                make_bucket(endpoint, bucket)
                yield await open_.enter_async_context(
                    s3_wire(endpoint, bucket=bucket, key_id="testing", secret="testing")
                )


def make_bucket(endpoint: str, name: str) -> None:
    client = boto3.client(
        "s3",
        endpoint_url=endpoint,
        region_name="eu-west-1",
        aws_access_key_id="testing",
        aws_secret_access_key="testing",
    )
    client.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})


@pytest.fixture
def store(wire: Wire) -> ObjectStore:
    return wire.store


class TestObjects:
    async def test_what_was_put_can_be_got(self, store: ObjectStore) -> None:
        key = new_object_key()

        await store.put(key=key, data=FILE, content_type=PDF)

        assert await store.get(key=key, max_bytes=len(FILE)) == FILE
        assert await store.size(key=key) == len(FILE)

    async def test_an_object_never_changes(self, store: ObjectStore) -> None:
        key = new_object_key()
        await store.put(key=key, data=b"first", content_type=PDF)

        with pytest.raises(ObjectExistsError):
            await store.put(key=key, data=b"second", content_type=PDF)
        assert await store.get(key=key, max_bytes=LIMIT) == b"first"

    async def test_of_many_at_once_one_wins(self, store: ObjectStore) -> None:
        key = new_object_key()

        outcomes = await asyncio.gather(
            *(store.put(key=key, data=bytes([n]) * 1000, content_type=PDF) for n in range(20)), return_exceptions=True
        )

        assert sum(outcome is None for outcome in outcomes) == 1
        assert sum(isinstance(outcome, ObjectExistsError) for outcome in outcomes) == 19
        winner = next(n for n, outcome in enumerate(outcomes) if outcome is None)
        assert await store.get(key=key, max_bytes=LIMIT) == bytes([winner]) * 1000

    async def test_more_than_expected_is_not_read(self, store: ObjectStore) -> None:
        key = new_object_key()
        await store.put(key=key, data=FILE, content_type=PDF)

        with pytest.raises(ObjectTooLargeError):
            await store.get(key=key, max_bytes=len(FILE) - 1)

    async def test_a_missing_object_is_told(self, store: ObjectStore) -> None:
        with pytest.raises(ObjectNotFoundError):
            await store.get(key=new_object_key(), max_bytes=LIMIT)
        with pytest.raises(ObjectNotFoundError):
            await store.size(key=new_object_key())

    async def test_what_was_deleted_is_gone_and_deleting_it_again_is_fine(self, store: ObjectStore) -> None:
        key, other = new_object_key(), new_object_key()
        await store.put(key=key, data=FILE, content_type=PDF)
        await store.put(key=other, data=FILE, content_type=PDF)

        await store.delete(key=key)
        await store.delete(key=key)

        with pytest.raises(ObjectNotFoundError):
            await store.get(key=key, max_bytes=LIMIT)
        assert await store.get(key=other, max_bytes=LIMIT) == FILE

    @pytest.mark.parametrize("key", NO_KEYS)
    async def test_a_key_is_never_a_path(self, store: ObjectStore, key: str) -> None:
        for call in (
            lambda: store.put(key=key, data=b"", content_type=PDF),
            lambda: store.get(key=key, max_bytes=LIMIT),
            lambda: store.size(key=key),
            lambda: store.delete(key=key),
            lambda: store.presign_upload(key=key, content_type=PDF, size_bytes=1, lifetime=SHORTLY),
            lambda: store.presign_download(key=key, content_type=PDF, file_name="a", lifetime=SHORTLY),
        ):
            with pytest.raises(InvalidObjectKeyError):
                await call()


class TestSignedUploads:
    async def test_put_exactly_what_was_announced(self, wire: Wire) -> None:
        key = new_object_key()
        signed = await wire.store.presign_upload(key=key, content_type=PDF, size_bytes=len(FILE), lifetime=SHORTLY)

        assert await wire.upload(signed, FILE)

        assert await wire.store.get(key=key, max_bytes=len(FILE)) == FILE
        left = signed.expires_at - datetime.now(UTC)
        assert timedelta(minutes=4) < left <= SHORTLY
        assert key not in repr(signed)

    async def test_work_once(self, wire: Wire) -> None:
        key = new_object_key()
        signed = await wire.store.presign_upload(key=key, content_type=PDF, size_bytes=5, lifetime=SHORTLY)
        assert await wire.upload(signed, b"first")

        assert not await wire.upload(signed, b"other")

        assert await wire.store.get(key=key, max_bytes=LIMIT) == b"first"


class TestSignedDownloads:
    @pytest.mark.parametrize("name", NAMES)
    async def test_are_attachments_under_the_name_of_the_file(self, wire: Wire, name: str) -> None:
        key = new_object_key()
        await wire.store.put(key=key, data=FILE, content_type=PDF)

        signed = await wire.store.presign_download(key=key, content_type=PDF, file_name=name, lifetime=SHORTLY)

        status, headers, body = await wire.download(signed.url)
        assert (status, body) == (200, FILE)
        assert headers["content-type"].partition(";")[0] == PDF
        assert name_in(headers["content-disposition"]) == name
        assert key not in repr(signed)

    async def test_lead_to_one_object(self, wire: Wire) -> None:
        key, other = new_object_key(), new_object_key()
        for one, data in ((key, b"one"), (other, b"other")):
            await wire.store.put(key=one, data=data, content_type=PDF)

        signed = await wire.store.presign_download(key=key, content_type=PDF, file_name="a", lifetime=SHORTLY)

        assert (await wire.download(signed.url))[2] == b"one"


def name_in(disposition: str) -> str:
    """Read the name as a browser does that knows the extended form (RFC 8187)."""
    kind, _, rest = disposition.partition(";")
    assert kind == "attachment"
    assert disposition.isascii()
    assert disposition.isprintable()
    return unquote(rest.partition("filename*=UTF-8''")[2])


class TestS3:
    async def test_a_bucket_that_is_not_reached_is_told_within_the_deadline(self) -> None:
        store = unreachable(connect_seconds=0.2)

        with pytest.raises(StorageUnavailableError):
            await store.size(key=new_object_key())

    async def test_an_address_is_signed_without_reaching_for_the_bucket(self) -> None:
        store = unreachable()

        signed = await store.presign_upload(
            key=new_object_key(), content_type=PDF, size_bytes=3, lifetime=timedelta(seconds=60)
        )

        assert signed.url.startswith("http://127.0.0.1:9/kro/")
        assert "X-Amz-Algorithm=AWS4-HMAC-SHA256" in signed.url
        assert "X-Amz-Expires=60&" in signed.url
        assert "X-Amz-SignedHeaders=content-length%3Bcontent-type%3Bhost%3Bif-none-match&" in signed.url

    async def test_no_variable_of_the_environment_leads_files_elsewhere(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("AWS_ENDPOINT_URL", "http://elsewhere.invalid")
        monkeypatch.setenv("AWS_ENDPOINT_URL_S3", "http://elsewhere.invalid")
        amazon = S3ObjectStore(
            S3Settings(bucket="kro", region="af-south-1", access_key_id="a", secret_access_key="b"), clock=SystemClock()
        )

        signed = await amazon.presign_download(key=new_object_key(), content_type=PDF, file_name="a", lifetime=SHORTLY)

        assert signed.url.startswith("https://kro.s3.af-south-1.amazonaws.com/")


def unreachable(*, connect_seconds: float = 3) -> S3ObjectStore:
    settings = S3Settings(
        bucket="kro",
        region="eu-west-1",
        access_key_id="testing",
        secret_access_key="testing",
        endpoint="http://127.0.0.1:9",
        addressing="path",
        connect_seconds=connect_seconds,
    )
    return S3ObjectStore(settings, clock=SystemClock())


def test_keys_do_not_repeat() -> None:
    assert len({new_object_key() for _ in range(100)}) == 100


async def test_a_local_file_is_private_and_leaves_nothing_beside_it(tmp_path: Path) -> None:
    folder = tmp_path / "objects"
    store = local_store(folder)
    key = new_object_key()
    await store.put(key=key, data=b"x", content_type=PDF)
    with pytest.raises(ObjectExistsError):
        await store.put(key=key, data=b"y", content_type=PDF)

    files = [path for path in folder.rglob("*") if path.is_file()]

    assert [path.name for path in files] == [key]
    assert stat.S_IMODE(files[0].stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


async def test_what_a_dying_process_left_of_a_local_file_is_removed_with_it(tmp_path: Path) -> None:
    store, key, other = local_store(tmp_path), new_object_key(), new_object_key()
    await store.put(key=other, data=b"x", content_type=PDF)
    shard = store.path(key).parent
    shard.mkdir(exist_ok=True)
    (shard / f".{key}.0123456789abcdef").write_bytes(b"half of i")

    await store.delete(key=key)

    assert names_in(tmp_path) == [other]


def names_in(folder: Path) -> list[str]:
    return [path.name for path in folder.rglob("*") if path.is_file()]
