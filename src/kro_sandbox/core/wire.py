import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import Response

JSONObject = dict[str, Any]


class MalformedBodyError(Exception):
    """Raised when a request body is not the JSON object (or form) it claims to be."""


def compact_json(payload: object) -> bytes:
    """Serialize like JavaScript's `JSON.stringify`: no spaces, no escapes beyond the necessary."""
    return json.dumps(payload, ensure_ascii=False, separators=(",", ":")).encode()


def json_response(payload: object, *, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    return Response(
        compact_json(payload), status_code=status, headers=headers, media_type="application/json; charset=utf-8"
    )


async def read_object(request: Request) -> JSONObject:
    """Read a JSON object, or a form for vendors that also take one.

    :raises MalformedBodyError: when the body is neither.
    """
    raw = await request.body()
    if request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
        return dict(parse_qsl(raw.decode(errors="replace"), keep_blank_values=True))
    try:
        payload = json.loads(raw)
    except ValueError as error:
        raise MalformedBodyError("The body is not JSON.") from error
    if not isinstance(payload, dict):
        raise MalformedBodyError("The body is not a JSON object.")
    return payload
