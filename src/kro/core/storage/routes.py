"""Signed links of the local store, served by our own API. Where files are kept elsewhere, there are none."""

from __future__ import annotations

import asyncio
import re
from typing import Annotated, Any, Final

from fastapi import Query, Request, Response
from starlette.responses import FileResponse

from kro.core.guards import Public
from kro.core.http import BodyPolicy, problems
from kro.core.http.lazy import Router
from kro.core.storage.inspection import CONTENT_TYPES, ContentTypeError, FileSizeError
from kro.core.storage.interface import ObjectExistsError, ObjectNotFoundError
from kro.core.storage.links import DownloadLink, FileLinkExpiredError, FileLinkInvalidError, UploadLink
from kro.core.storage.local import LocalObjectStore
from kro.utils.content_disposition import attachment

router = Router(prefix="/files", tags=["files"], dependencies=[Public])

_LATEST: Final = 2**40
Expires = Annotated[int, Query(ge=0, le=_LATEST, description="Seconds since 1970.")]
Text = Annotated[str, Query(max_length=1_000)]
Signature = Annotated[str, Query(min_length=64, max_length=64)]


_BYTES: Final[dict[str, Any]] = {"schema": {"type": "string", "format": "binary"}}


def file_policy(max_bytes: int) -> BodyPolicy:
    """Let files in that are as large as links are given out for."""
    return BodyPolicy(pattern=re.compile(r"/v1/files/[^/]+"), max_bytes=max_bytes, json_only=False)


@router.put(
    "/{key}",
    status_code=204,
    responses=problems(FileLinkInvalidError, FileLinkExpiredError, ObjectExistsError, FileSizeError, ContentTypeError),
    openapi_extra={"requestBody": {"required": True, "content": dict.fromkeys(sorted(CONTENT_TYPES), _BYTES)}},
)
async def upload_file(
    key: str,
    request: Request,
    expires: Expires,
    size: Annotated[int, Query(ge=0, le=_LATEST)],
    content_type: Text,
    signature: Signature,
) -> Response:
    """Upload a file to a link that was given out for it; a link works once."""
    store = _local_store(request)
    store.links.check(UploadLink(key, content_type, size, expires), signature)
    if request.headers.get("content-type") != content_type:
        raise ContentTypeError
    await store.put(key=key, data=await _read_exactly(request, size), content_type=content_type)
    return Response(status_code=204)


@router.get(
    "/{key}",
    response_class=FileResponse,
    responses={
        200: {"description": "The file.", "content": dict.fromkeys(sorted(CONTENT_TYPES), _BYTES)},
        **problems(FileLinkInvalidError, FileLinkExpiredError, ObjectNotFoundError),
    },
)
async def download_file(
    key: str, request: Request, expires: Expires, file_name: Text, content_type: Text, signature: Signature
) -> Response:
    """Download a file by a link that was given out for it."""
    store = _local_store(request)
    store.links.check(DownloadLink(key, content_type, file_name, expires), signature)
    path = store.path(key)
    try:
        stat = await asyncio.to_thread(path.stat)
    except FileNotFoundError:
        raise ObjectNotFoundError from None
    headers = {"Content-Disposition": attachment(file_name), "Content-Security-Policy": "default-src 'none'; sandbox"}
    return FileResponse(path, media_type=content_type, stat_result=stat, headers=headers)


def _local_store(request: Request) -> LocalObjectStore:
    store = request.app.state.files
    if not isinstance(store, LocalObjectStore):
        raise FileLinkInvalidError
    return store


async def _read_exactly(request: Request, size: int) -> bytes:
    data = bytearray()
    async for chunk in request.stream():
        data += chunk
        if len(data) > size:
            raise FileSizeError
    if len(data) != size:
        raise FileSizeError
    return bytes(data)
