"""Objects of one bucket, addressed by path: PUT, GET, HEAD and DELETE, for signed requests only."""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from kro_sandbox.core.clock import Clock
from kro_sandbox.core.faults import TRANSPORT, FaultBook, FaultKind
from kro_sandbox.core.faulty import Endpoint, with_faults
from kro_sandbox.core.tokens import token
from kro_sandbox.s3.errors import S3Error, error_response
from kro_sandbox.s3.signature import UNSIGNED, SignedRequest, Verifier
from kro_sandbox.settings import SandboxSettings

OPERATIONS: dict[str, frozenset[FaultKind]] = {
    "put": TRANSPORT,
    "get": TRANSPORT,
    "head": TRANSPORT,
    "delete": TRANSPORT,
}
LARGEST = 104_857_600
"""Bytes; Amazon takes 5 GB in one request."""

_SHOWN = ("content-type", "content-disposition", "cache-control")
_ANYBODY = {"access-control-allow-origin": "*", "access-control-expose-headers": "ETag"}


@dataclass(frozen=True, slots=True)
class StoredObject:
    data: bytes
    content_type: str
    stored_at: datetime

    @property
    def headers(self) -> dict[str, str]:
        return {
            # What S3 calls an ETag is an MD5, for telling versions apart.
            "etag": f'"{hashlib.md5(self.data, usedforsecurity=False).hexdigest()}"',
            "last-modified": format_datetime(self.stored_at, usegmt=True),
            "content-type": self.content_type,
        }


def rate_limited(request: Request, retry_after: int) -> Response:  # noqa: ARG001  the signature all vendors share
    return error_response(S3Error("SlowDown"), request_id=_request_id())


class S3API:
    """Its objects are forgotten with everything else when the sandbox starts over."""

    def __init__(self, *, settings: SandboxSettings, clock: Clock, faults: FaultBook) -> None:
        self._bucket = settings.s3_bucket
        self.keys = {settings.s3_key_id: settings.s3_secret}
        self._verifier = Verifier(keys=self.keys, region=settings.s3_region)
        self._clock = clock
        self._faults = faults
        self.objects: dict[str, StoredObject] = {}

    def reset(self) -> None:
        self.objects.clear()

    def routes(self) -> list[Route]:
        path = "/s3/{bucket}/{key:path}"
        return [
            Route(path, self._served("head", self._head), methods=["HEAD"]),
            Route(path, self._served("get", self._get), methods=["GET"]),
            Route(path, self._served("put", self._put), methods=["PUT"]),
            Route(path, self._served("delete", self._delete), methods=["DELETE"]),
            Route(path, _preflight, methods=["OPTIONS"]),
        ]

    def _served(self, operation: str, handler: Endpoint) -> Endpoint:
        async def answer(request: Request) -> Response:
            try:
                await self._authorize(request)
                reply = await handler(request)
            except S3Error as error:
                reply = error_response(error, request_id=_request_id(), is_head=request.method == "HEAD")
            reply.headers.update(_ANYBODY)
            return reply

        return with_faults(
            answer,
            faults=self._faults,
            vendor="s3",
            operation=operation,
            rate_limited=rate_limited,
            kinds=TRANSPORT,
        )

    async def _authorize(self, request: Request) -> None:
        if "transfer-encoding" in request.headers:
            raise S3Error("MissingContentLength")
        if int(request.headers.get("content-length", "0")) > LARGEST:
            raise S3Error("EntityTooLarge")
        signed = SignedRequest(
            method=request.method,
            path=bytes(request.scope["raw_path"]).decode("latin-1"),
            query=bytes(request.scope["query_string"]).decode("latin-1"),
            headers=dict(request.headers),
        )
        digest = self._verifier.verify(signed, now=self._clock.now())
        if digest != UNSIGNED and digest != hashlib.sha256(await request.body()).hexdigest():
            raise S3Error("XAmzContentSHA256Mismatch")
        if request.path_params["bucket"] != self._bucket:
            raise S3Error("NoSuchBucket")

    async def _put(self, request: Request) -> Response:
        key = request.path_params["key"]
        condition = request.headers.get("if-none-match")
        if condition not in {None, "*"}:
            raise S3Error("NotImplemented")
        data = await request.body()
        if condition is not None and key in self.objects:
            raise S3Error("PreconditionFailed")
        content_type = request.headers.get("content-type", "binary/octet-stream")
        stored = self.objects[key] = StoredObject(data, content_type, self._clock.now())
        return Response(headers={"etag": stored.headers["etag"], "x-amz-request-id": _request_id()})

    async def _get(self, request: Request) -> Response:
        stored = self._found(request)
        shown = {
            name: request.query_params[f"response-{name}"]
            for name in _SHOWN
            if f"response-{name}" in request.query_params
        }
        return Response(stored.data, headers={**stored.headers, **shown, "x-amz-request-id": _request_id()})

    async def _head(self, request: Request) -> Response:
        stored = self._found(request)
        size = {"content-length": str(len(stored.data)), "x-amz-request-id": _request_id()}
        return Response(headers={**stored.headers, **size})

    async def _delete(self, request: Request) -> Response:
        self.objects.pop(request.path_params["key"], None)
        return Response(status_code=204, headers={"x-amz-request-id": _request_id()})

    def _found(self, request: Request) -> StoredObject:
        stored = self.objects.get(request.path_params["key"])
        if stored is None:
            raise S3Error("NoSuchKey")
        return stored


async def _preflight(request: Request) -> Response:
    """Let every page upload and download, as the bucket's rules would for ours."""
    allowed = {
        "access-control-allow-methods": "GET, HEAD, PUT",
        "access-control-allow-headers": request.headers.get("access-control-request-headers", ""),
    }
    return Response(headers={**_ANYBODY, **allowed})


def _request_id() -> str:
    return token(length=16, alphabet="0123456789ABCDEF")
