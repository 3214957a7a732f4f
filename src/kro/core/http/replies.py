"""Answers as bytes: what is already serialized is not looked at again."""

from __future__ import annotations

from collections.abc import Mapping

import orjson
from pydantic import BaseModel
from starlette.responses import Response

from kro.core.decisions import Reply


def written(document: Mapping[str, object]) -> bytes:
    """Serialize a plain document: enums as their values, times in UTC with a Z."""
    return orjson.dumps(document, option=orjson.OPT_UTC_Z)


class JSONBytes(Response):
    """A response whose body is finished JSON bytes."""

    media_type = "application/json"

    @classmethod
    def of(cls, model: BaseModel, *, status: int = 200) -> JSONBytes:
        """Serialize a model once, by pydantic's own writer."""
        return cls(model.__pydantic_serializer__.to_json(model, by_alias=True), status_code=status)

    @classmethod
    def of_plain(cls, document: Mapping[str, object]) -> JSONBytes:
        """Serialize what is plain already; a test holds such a document to the model that describes it."""
        return cls(written(document))


def send(reply: Reply, *, headers: Mapping[str, str] | None = None) -> Response:
    """Answer with a finished reply; one that was stored under the same idempotency key says so."""
    replayed = {"Idempotent-Replayed": "true"} if reply.replayed else {}
    return Response(
        reply.body,
        status_code=reply.status,
        media_type=reply.content_type,
        headers={**(headers or {}), **replayed},
    )
