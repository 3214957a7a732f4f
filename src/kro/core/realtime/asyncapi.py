"""The contract of the sockets as an AsyncAPI 3 document, made from the types the server itself uses."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias
from urllib.parse import urlsplit

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from kro.core.realtime.contract import LiveEvent, LiveRequest, Partial, Refused, Surface

Json: TypeAlias = dict[str, Any]

_SCHEMAS: Final = "#/components/schemas/{model}"
_DESCRIPTION: Final = """\
Socket.IO (protocol 5 over Engine.IO 4). A token of the API goes into the connect packet, as `auth: {token}`; whoever is
refused gets `connect_error` with `{"message", "data": {"code"}}`. Requests are events with an acknowledgement; errors
come in the acknowledgement too. Events are hints: what they tell can be read over HTTP, and what was missed is found by
`seq`."""


@dataclass(frozen=True, slots=True)
class _Schemas:
    """Where the schema of each type is, and all of them."""

    told: dict[type[BaseModel], Json]
    asked: dict[type[BaseModel], Json]
    definitions: Json


def asyncapi_document(surfaces: Sequence[Surface], *, title: str, version: str, base_url: str) -> Json:
    """Return the document that describes some surfaces at one address."""
    address = urlsplit(base_url)
    schemas = schemas_of(surfaces)
    return {
        "asyncapi": "3.0.0",
        "info": {"title": title, "version": version, "description": _DESCRIPTION},
        "defaultContentType": "application/json",
        "servers": {
            "api": {
                "host": address.netloc,
                "protocol": "wss" if address.scheme == "https" else "ws",
                "security": [{"$ref": f"#/components/securitySchemes/{surface.kind}"} for surface in surfaces],
            }
        },
        "channels": {str(surface.kind): _channel(surface, schemas) for surface in surfaces},
        "operations": {name: operation for surface in surfaces for name, operation in _operations(surface)},
        "components": {
            "schemas": schemas.definitions,
            "securitySchemes": {
                str(surface.kind): {
                    "type": "http",
                    "scheme": "bearer",
                    "bearerFormat": "JWT",
                    "description": f"An access token of the kind `{surface.kind}`, in the connect packet.",
                }
                for surface in surfaces
            },
        },
    }


def schemas_of(surfaces: Sequence[Surface]) -> _Schemas:
    """Return the JSON schemas of everything that travels over some surfaces."""
    told: set[type[BaseModel]] = {Partial, Refused}
    asked: set[type[BaseModel]] = set()
    for surface in surfaces:
        told |= {event.data for event in surface.every_event}
        told |= {request.answers for request in surface.every_request}
        asked |= {request.takes for request in surface.every_request}
    refs, schema = models_json_schema(
        [*((model, "serialization") for model in told), *((model, "validation") for model in asked)],
        ref_template=_SCHEMAS,
    )
    return _Schemas(
        told={model: refs[model, "serialization"] for model in told},
        asked={model: refs[model, "validation"] for model in asked},
        definitions=dict(sorted(schema["$defs"].items())),
    )


def key(name: str, *more: str) -> str:
    """Return the name a message has inside the document, where a colon may not be."""
    return ".".join((name.replace(":", "."), *more))


def _channel(surface: Surface, schemas: _Schemas) -> Json:
    messages: Json = {key(event.name): _told(event, schemas) for event in surface.every_event}
    for request in surface.every_request:
        messages |= _asked(request, schemas)
    messages["refused"] = {
        "name": "acknowledgement",
        "summary": "The request was not carried out.",
        "payload": schemas.told[Refused],
    }
    return {"address": f"/{surface.path}", "description": surface.summary, "messages": messages}


def _told(event: LiveEvent, schemas: _Schemas) -> Json:
    whole = schemas.told[event.data]
    payload = {"anyOf": [whole, schemas.told[Partial]]} if event.may_be_partial else whole
    return {"name": event.name, "summary": event.summary, "payload": payload}


def _asked(request: LiveRequest, schemas: _Schemas) -> Json:
    return {
        key(request.name): {
            "name": request.name,
            "summary": request.summary,
            "payload": schemas.asked[request.takes],
        },
        key(request.name, "accepted"): {
            "name": "acknowledgement",
            "summary": f"`{request.name}` was carried out.",
            "payload": schemas.told[request.answers],
        },
    }


def _operations(surface: Surface) -> Iterator[tuple[str, Json]]:
    channel = {"$ref": f"#/channels/{surface.kind}"}

    def messages(*keys: str) -> list[Json]:
        return [{"$ref": f"{channel['$ref']}/messages/{each}"} for each in keys]

    for event in surface.every_event:
        name = key(event.name)
        yield (
            f"{surface.kind}.{name}",
            {"action": "send", "channel": channel, "summary": event.summary, "messages": messages(name)},
        )
    for request in surface.every_request:
        name = key(request.name)
        yield (
            f"{surface.kind}.{name}",
            {
                "action": "receive",
                "channel": channel,
                "summary": request.summary,
                "messages": messages(name),
                "reply": {"channel": channel, "messages": messages(f"{name}.accepted", "refused")},
            },
        )
