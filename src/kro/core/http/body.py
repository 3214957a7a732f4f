"""Checks a request body before anything parses it: size, media type, encoding, depth."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, NoReturn

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from kro.core.errors import KroError
from kro.core.http.errors import BodyTooDeepError, BodyTooLargeError, MalformedBodyError, UnsupportedMediaError
from kro.core.http.problems import problem_response

MAX_JSON_BYTES: Final = 1_048_576
MAX_WEBHOOK_BYTES: Final = 262_144
MAX_DEPTH: Final = 20

_STRING: Final = re.compile(rb'"(?:[^"\\]|\\.)*"', re.DOTALL)
_ALL_SQUARE: Final = bytes.maketrans(b"{}", b"[]")
_NOT_BRACKETS: Final = bytes(set(range(256)) - set(b"[]{}"))
_BODY_METHODS: Final = frozenset({"POST", "PUT", "PATCH", "DELETE"})


@dataclass(frozen=True, slots=True)
class BodyPolicy:
    """What requests may carry whose whole path matches ``pattern``.

    ``json_only`` bodies are read and checked before routing; others are only held to their size.
    """

    pattern: re.Pattern[str]
    max_bytes: int
    json_only: bool


WEBHOOKS: Final = BodyPolicy(pattern=re.compile(r"/v1/webhooks/.*"), max_bytes=MAX_WEBHOOK_BYTES, json_only=False)
"""A provider's raw bytes are verified and stored as they came, whatever they call themselves."""

EVERYTHING: Final = BodyPolicy(pattern=re.compile(r".*"), max_bytes=MAX_JSON_BYTES, json_only=True)


class BodyMiddleware:
    """Applies the first policy that matches the path; both the announced and the counted size are held to its limit."""

    def __init__(self, app: ASGIApp, *, policies: Sequence[BodyPolicy] = ()) -> None:
        self._app = app
        self._policies = (*policies, WEBHOOKS)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        path = scope["path"]
        policy = next((policy for policy in self._policies if policy.pattern.fullmatch(path)), EVERYTHING)
        headers = Headers(scope=scope)
        try:
            _check_announced_size(headers, policy)
            limited = _limit(receive, policy.max_bytes)
            if policy.json_only and scope["method"] in _BODY_METHODS and _has_body(headers):
                _check_media_type(headers)
                body = await _read(limited)
                _check_json(body)
                limited = _replay(body, receive)
        except (KroError, HTTPException) as error:
            refusal = error if isinstance(error, KroError) else BodyTooLargeError()
            await problem_response(refusal)(scope, receive, send)
            return
        await self._app(scope, limited, send)


def _check_announced_size(headers: Headers, policy: BodyPolicy) -> None:
    announced = headers.get("content-length", "0")
    if not announced.isdecimal():
        raise MalformedBodyError("The Content-Length header is not a number.")
    if int(announced) > policy.max_bytes:
        raise BodyTooLargeError


def _has_body(headers: Headers) -> bool:
    return headers.get("content-length", "0") != "0" or "transfer-encoding" in headers


def _check_media_type(headers: Headers) -> None:
    media_type = headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type != "application/json" or headers.get("content-encoding", "identity") != "identity":
        raise UnsupportedMediaError


def _limit(receive: Receive, max_bytes: int) -> Receive:
    """Count what really arrives; a chunked body announces nothing.

    The framework lets only its own HTTP errors out of body parsing, so the refusal takes that form here.
    """
    received = 0

    async def limited() -> Message:
        nonlocal received
        message = await receive()
        received += len(message.get("body", b""))
        if received > max_bytes:
            raise HTTPException(status_code=413)
        return message

    return limited


async def _read(receive: Receive) -> bytes:
    chunks: list[bytes] = []
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise MalformedBodyError
        chunks.append(message.get("body", b""))
        if not message.get("more_body", False):
            return b"".join(chunks)


def _replay(body: bytes, receive: Receive) -> Receive:
    given = False

    async def replay() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return replay


def _check_json(body: bytes) -> None:
    """Refuse what the framework's parser would let through: UTF-16, a byte order mark, NaN, and bottomless nesting."""
    try:
        body.decode()
    except UnicodeDecodeError:
        raise MalformedBodyError from None
    if b"\x00" in body or body.startswith(b"\xef\xbb\xbf"):
        raise MalformedBodyError
    if _is_too_deep(body):
        raise BodyTooDeepError
    if b"NaN" in body or b"Infinity" in body:
        _check_constants(body)


def _is_too_deep(body: bytes) -> bool:
    """Peel the brackets off from the inside, layer by layer; a hostile megabyte takes milliseconds, not seconds."""
    if body.count(b"[") + body.count(b"{") <= MAX_DEPTH:
        return False
    brackets = _STRING.sub(b"", body).translate(_ALL_SQUARE, delete=_NOT_BRACKETS)
    for _ in range(MAX_DEPTH):
        peeled = brackets.replace(b"[]", b"")
        if not peeled:
            return False
        if len(peeled) == len(brackets):
            break
        brackets = peeled
    return True


def _check_constants(body: bytes) -> None:
    def refuse(_: str) -> NoReturn:
        raise MalformedBodyError("NaN and Infinity are not JSON.")

    try:
        json.loads(body, parse_constant=refuse)
    except ValueError:
        raise MalformedBodyError from None
