"""Objects in a private bucket of Amazon S3, DigitalOcean Spaces or another service that speaks S3.

boto3 blocks, so everything that reaches for the network runs in a few threads of its own, each call within a deadline.
It takes a fifth of a second to import and is loaded when it is first used.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final, TypeVar

from kro.core.clock import Clock
from kro.core.storage.interface import (
    ObjectExistsError,
    ObjectNotFoundError,
    ObjectTooLargeError,
    SignedDownload,
    SignedUpload,
    StorageUnavailableError,
    ensure_object_key,
)
from kro.core.telemetry import get_logger
from kro.utils.content_disposition import attachment

_CHUNK: Final = 16 * 1024
_MISSING: Final = frozenset({"404", "NoSuchKey", "NotFound"})
_TAKEN: Final = frozenset({"412", "PreconditionFailed"})
_RACING: Final = frozenset({"409", "ConditionalRequestConflict"})
_RACES: Final = 3
_LOG = get_logger()

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class S3Settings:
    """``endpoint`` is empty for Amazon; ``addressing`` says where the bucket's name stands: ``virtual`` or ``path``."""

    bucket: str
    region: str
    access_key_id: str = field(repr=False)
    secret_access_key: str = field(repr=False)
    endpoint: str | None = None
    addressing: str = "virtual"
    connect_seconds: float = 3
    read_seconds: float = 15
    deadline_seconds: float = 45
    at_once: int = 8


class S3ObjectStore:
    """The bucket stays private: clients reach single objects through addresses signed with Signature Version 4."""

    def __init__(self, settings: S3Settings, *, clock: Clock) -> None:
        self._settings = settings
        self._clock = clock
        self._threads = ThreadPoolExecutor(settings.at_once, thread_name_prefix="s3")
        self._lock = threading.Lock()
        self._made: Any = None

    async def put(self, *, key: str, data: bytes, content_type: str) -> None:
        object_ = self._object(key)

        def put(client: Any) -> None:  # noqa: ANN401 - boto3 has no types
            client.put_object(**object_, Body=data, ContentType=content_type, IfNoneMatch="*")

        await self._run("put", put)

    async def get(self, *, key: str, max_bytes: int) -> bytes:
        object_ = self._object(key)
        ends_at = time.monotonic() + self._settings.deadline_seconds

        def get(client: Any) -> bytes:  # noqa: ANN401 - boto3 has no types
            with closing(client.get_object(**object_)["Body"]) as body:
                return _read(body, max_bytes=max_bytes, ends_at=ends_at)

        return await self._run("get", get)

    async def size(self, *, key: str) -> int:
        object_ = self._object(key)
        return await self._run("head", lambda client: int(client.head_object(**object_)["ContentLength"]))

    async def delete(self, *, key: str) -> None:
        object_ = self._object(key)
        await self._run("delete", lambda client: client.delete_object(**object_))

    async def presign_upload(
        self, *, key: str, content_type: str, size_bytes: int, lifetime: timedelta
    ) -> SignedUpload:
        # A length that is signed is the only size that a PUT can be held to; the condition makes it work once.
        signed = {"ContentType": content_type, "ContentLength": size_bytes, "IfNoneMatch": "*"}
        url = await self._presign("put_object", {**self._object(key), **signed}, lifetime)
        headers = {"Content-Type": content_type, "If-None-Match": "*"}
        return SignedUpload("PUT", url, headers, self._clock.now() + lifetime)

    async def presign_download(
        self, *, key: str, content_type: str, file_name: str, lifetime: timedelta
    ) -> SignedDownload:
        shown = {
            "ResponseContentType": content_type,
            "ResponseContentDisposition": attachment(file_name),
            "ResponseCacheControl": "private, no-store",
        }
        url = await self._presign("get_object", {**self._object(key), **shown}, lifetime)
        return SignedDownload(url, self._clock.now() + lifetime)

    def _object(self, key: str) -> dict[str, str]:
        return {"Bucket": self._settings.bucket, "Key": ensure_object_key(key)}

    async def _presign(self, operation: str, params: dict[str, Any], lifetime: timedelta) -> str:
        seconds = int(lifetime.total_seconds())

        def presign(client: Any) -> str:  # noqa: ANN401 - boto3 has no types
            return str(client.generate_presigned_url(operation, Params=params, ExpiresIn=seconds))

        # No network is needed, only the client, so it does not queue behind calls that wait for the bucket.
        return await asyncio.to_thread(self._attempt, "presign", presign)

    async def _run(self, operation: str, call: Callable[[Any], T]) -> T:
        """Run a call in one of our threads.

        A thread that is given up on ends by itself, within boto3's own time limits; until then its place is taken.
        """
        if self._made is None:
            # Loading the library takes long, and is no work of the service, which the deadline is about.
            await asyncio.to_thread(self._attempt, operation, lambda _: None)
        running = asyncio.get_running_loop().run_in_executor(self._threads, self._attempt, operation, call)
        try:
            async with asyncio.timeout(self._settings.deadline_seconds):
                return await running
        except TimeoutError:
            _LOG.warning("storage_failed", provider="s3", operation=operation, error_type="deadline")
            raise StorageUnavailableError from None

    def _attempt(self, operation: str, call: Callable[[Any], T]) -> T:
        from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415 - loaded when it is first used

        for race in range(_RACES):
            try:
                return call(self._client())
            except ClientError as error:
                code = str(error.response.get("Error", {}).get("Code", ""))
                if code in _RACING:
                    time.sleep(0.1 * (race + 1))
                    continue
                raise _meaning(operation, code) from None
            except (BotoCoreError, OSError) as error:
                # Its text would hold the address, which for some calls is a signed one.
                _LOG.warning("storage_failed", provider="s3", operation=operation, error_type=type(error).__name__)
                raise StorageUnavailableError from None
        raise StorageUnavailableError

    def _client(self) -> Any:  # noqa: ANN401 - boto3 has no types
        with self._lock:
            if self._made is None:
                self._made = _make_client(self._settings)
            return self._made


def _make_client(settings: S3Settings) -> Any:  # noqa: ANN401 - boto3 has no types
    import boto3  # noqa: PLC0415 - loaded when it is first used
    from botocore.config import Config  # noqa: PLC0415 - as above

    return boto3.session.Session().client(
        "s3",
        endpoint_url=settings.endpoint,
        region_name=settings.region,
        aws_access_key_id=settings.access_key_id,
        aws_secret_access_key=settings.secret_access_key,
        config=Config(
            # Without it addresses for some regions and all other services are signed by the version before.
            signature_version="s3v4",
            s3={"addressing_style": settings.addressing},
            # Checksums beyond what is asked for are not understood by many services other than Amazon's.
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
            connect_timeout=settings.connect_seconds,
            read_timeout=settings.read_seconds,
            retries={"mode": "standard", "total_max_attempts": 2},
            max_pool_connections=settings.at_once,
            # No variable of the environment may send people's files somewhere else.
            ignore_configured_endpoint_urls=True,
            proxies={},
        ),
    )


def _read(body: Any, *, max_bytes: int, ends_at: float) -> bytes:  # noqa: ANN401 - boto3 has no types
    data = bytearray()
    for chunk in body.iter_chunks(_CHUNK):
        data += chunk
        if len(data) > max_bytes:
            raise ObjectTooLargeError
        if time.monotonic() > ends_at:
            raise StorageUnavailableError
    return bytes(data)


def _meaning(operation: str, code: str) -> Exception:
    if code in _MISSING:
        return ObjectNotFoundError()
    if code in _TAKEN:
        return ObjectExistsError()
    _LOG.warning("storage_failed", provider="s3", operation=operation, error_type="refused", reason_code=code)
    return StorageUnavailableError()
