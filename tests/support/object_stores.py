"""Every object store with the wire its clients speak to it over."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol

import httpx2
from fastapi import FastAPI

from kro.core.clock import Clock, SystemClock
from kro.core.config import APISettings, AppSettings, Environment
from kro.core.http import new_api
from kro.core.ids import SystemIdSource
from kro.core.storage import (
    LinkSigner,
    LocalObjectStore,
    MemoryObjectStore,
    ObjectStore,
    S3ObjectStore,
    S3Settings,
    SignedUpload,
)
from kro.core.storage.routes import file_policy, router
from kro_sandbox.settings import S3_BUCKET, S3_KEY_ID, S3_TEST_KEY

BASE_URL = "http://127.0.0.1:3000"
SECRET = b"a key for links of tests, 32 long"


class Wire(Protocol):
    """What a client does with signed addresses; ``download`` returns the answer's headers and body."""

    @property
    def store(self) -> ObjectStore: ...

    async def upload(self, signed: SignedUpload, data: bytes, headers: Mapping[str, str] | None = None) -> bool: ...

    async def download(self, url: str) -> tuple[int, Mapping[str, str], bytes]: ...


@dataclass
class MemoryWire:
    store: MemoryObjectStore

    async def upload(self, signed: SignedUpload, data: bytes, headers: Mapping[str, str] | None = None) -> bool:
        return await self.store.receive(signed.url, headers or signed.headers, data)

    async def download(self, url: str) -> tuple[int, Mapping[str, str], bytes]:
        return 200, self.store.headers(url), self.store.served(url)


@dataclass
class HTTPWire:
    store: ObjectStore
    http: httpx2.AsyncClient

    async def upload(self, signed: SignedUpload, data: bytes, headers: Mapping[str, str] | None = None) -> bool:
        sent = dict(headers or signed.headers)
        return (await self.http.request(signed.method, signed.url, content=data, headers=sent)).is_success

    async def download(self, url: str) -> tuple[int, Mapping[str, str], bytes]:
        answer = await self.http.get(url)
        return answer.status_code, answer.headers, answer.content


def local_store(folder: Path, *, clock: Clock | None = None) -> LocalObjectStore:
    return LocalObjectStore(folder, links=LinkSigner(secret=SECRET, base_url=BASE_URL, clock=clock or SystemClock()))


def file_api(store: ObjectStore, *, max_bytes: int = 1_000_000) -> FastAPI:
    """Return an API that serves signed links and nothing else."""
    settings = AppSettings(
        env=Environment.TEST,
        public_base_url=BASE_URL,
        allowed_origins=(),
        trusted_proxies=(),
        api=APISettings(host="127.0.0.1", port=3000),
    )
    api = new_api(
        title="files",
        version="1",
        settings=settings,
        ids=SystemIdSource(),
        checks={},
        body_policies=(file_policy(max_bytes),),
    )
    api.include_router(router, prefix="/v1")
    api.state.files = store
    return api


@asynccontextmanager
async def local_wire(folder: Path, *, clock: Clock | None = None) -> AsyncIterator[HTTPWire]:
    store = local_store(folder, clock=clock)
    transport = httpx2.ASGITransport(app=file_api(store))
    async with httpx2.AsyncClient(transport=transport, base_url=BASE_URL) as http:
        yield HTTPWire(store, http)


@asynccontextmanager
async def s3_wire(endpoint: str, *, bucket: str, key_id: str, secret: str, **changes: Any) -> AsyncIterator[HTTPWire]:
    settings = S3Settings(
        bucket=bucket,
        region="eu-west-1",
        access_key_id=key_id,
        secret_access_key=secret,
        endpoint=endpoint,
        addressing="path",
    )
    async with httpx2.AsyncClient(trust_env=False) as http:
        yield HTTPWire(S3ObjectStore(replace(settings, **changes), clock=SystemClock()), http)


def sandbox_wire(url: str, **changes: Any) -> AbstractAsyncContextManager[HTTPWire]:
    """Open the sandbox's bucket, whose signatures have to be right."""
    return s3_wire(f"{url}/s3", bucket=S3_BUCKET, key_id=S3_KEY_ID, secret=S3_TEST_KEY, **changes)
