"""The ``Idempotency-Key`` header: a client's wish that a request takes effect once."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from typing import Annotated, Final, cast
from uuid import UUID

import orjson
from fastapi import Depends, Header, Request

from kro.core.decisions import Once
from kro.core.encryption import BlindIndex
from kro.core.http.errors import IdempotencyKeyInvalidError, IdempotencyKeyMissingError
from kro.core.http.routes import route_template

HEADER: Final = "Idempotency-Key"
REQUIRED_MARK: Final = "x-kro-required"
"""Marks the header in the API documentation where it is required; see ``openapi``."""

_VISIBLE_ASCII: Final = re.compile(r"[\x21-\x7e]{1,255}", re.ASCII)
_DESCRIPTION: Final = (
    "A key of your choice, 1 to 255 visible ASCII characters. Repeating a request with the same key within 7 days "
    "returns the first answer and changes nothing."
)


@dataclass(frozen=True, slots=True)
class IdempotencyRequest:
    """The key with what the request was: ``route`` is method and route template, ``fingerprint`` a keyed hash.

    A plain hash of a body with an account number could be guessed by whoever reads the table.
    """

    key: str
    route: str
    fingerprint: str

    def by(self, principal_id: UUID) -> Once:
        """Scope the key to who asks, so that nobody can read another's stored answer."""
        return Once(principal_id=principal_id, key=self.key, route=self.route, fingerprint=self.fingerprint)


async def _required(
    request: Request,
    key: Annotated[
        str | None, Header(alias=HEADER, description=_DESCRIPTION, json_schema_extra={REQUIRED_MARK: True})
    ] = None,
) -> IdempotencyRequest:
    if key is None:
        raise IdempotencyKeyMissingError
    return await _describe(request, key)


async def _optional(
    request: Request, key: Annotated[str | None, Header(alias=HEADER, description=_DESCRIPTION)] = None
) -> IdempotencyRequest | None:
    return None if key is None else await _describe(request, key)


IdempotencyKey = Annotated[IdempotencyRequest, Depends(_required)]
"""For requests that move money or send messages: missing is 400."""

OptionalIdempotencyKey = Annotated[IdempotencyRequest | None, Depends(_optional)]


async def _describe(request: Request, key: str) -> IdempotencyRequest:
    if not _VISIBLE_ASCII.fullmatch(key):
        raise IdempotencyKeyInvalidError
    plain = fingerprint(
        target=request.scope["path"] + "?" + request.scope["query_string"].decode("latin-1"),
        body=await request.body(),
        is_json=request.headers.get("content-type", "").startswith("application/json"),
    )
    return IdempotencyRequest(
        key=key,
        route=f"{request.method} {route_template(request.scope)}",
        fingerprint=cast("BlindIndex", request.app.state.index).of(plain, context="idempotency"),
    )


def fingerprint(*, target: str, body: bytes, is_json: bool) -> str:
    """Return the SHA-256 (hex) of a request: its path and query, and its body in canonical form.

    JSON is canonical with sorted keys and no spaces, so that a client that rebuilds the same body is recognized.
    """
    canonical = _canonical(body) if is_json else body
    return hashlib.sha256(target.encode() + b"\n" + canonical).hexdigest()


def _canonical(body: bytes) -> bytes:
    try:
        return orjson.dumps(json.loads(body), option=orjson.OPT_SORT_KEYS)
    except (TypeError, ValueError):
        # Empty, not JSON after all, or a number beyond 64 bits: validation will refuse it; the bytes are exact enough.
        return body
