"""The contract of the sockets as a page for people."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

from pydantic import BaseModel

from kro.core.realtime.asyncapi import schemas_of
from kro.core.realtime.contract import LiveEvent, LiveRequest, Surface

_HEAD: Final = """\
# Live events

Made by `make docs` from the types the server uses; do not edit. The same as AsyncAPI 3: `GET /asyncapi.json`.

```js
const socket = io("https://api.example.com", {
  transports: ["websocket"],           // unless the server offers long polling
  auth: (send) => send({ token }),     // asked again at every connect: bring a fresh access token
});
socket.on("connect", () => orders.forEach(({ id, seq }) => socket.emit("order:sync", { id, after_seq: seq }, apply)));
socket.on("order.event", (event) => (event.seq === seen(event.order_id) + 1 ? apply(event) : sync(event.order_id)));
socket.on("connect_error", (error) => error.data && renewTheToken().then(() => socket.connect()));
```

- **Connect** with an access token in the connect packet, never in the address. A refusal is a `connect_error` whose
  `data.code` says why; clients do not retry it by themselves.
- **Events are hints.** They come after what they tell was written, at least once, in the order of their `seq` for one
  order; each can be read again over HTTP. After a connect, after `realtime.gap`, and when a `seq` is missing: sync.
  With `partial: true` an event was too large to be carried whole.
- **Requests** take exactly one object and are answered by acknowledgement: `{"ok": true, …}`, or `{"ok": false,
  "error": {"code", "detail"}}`.
- **A connection ends** with its token, unless `auth:refresh` brought a newer one, and at once when its session is
  revoked, the account is no longer active or a role changes. `session.ended` says why, and the client must not come
  back with the same token. A restart of the server only looks like a lost connection: clients come back by themselves.
"""


def events_page(surfaces: Sequence[Surface]) -> str:
    """Return the page, one chapter for each surface and a table for each thing that travels."""
    definitions = schemas_of(surfaces).definitions
    lines = [line for surface in surfaces for line in _chapter(surface, definitions)]
    return "\n".join((_HEAD, *lines))


def _chapter(surface: Surface, definitions: dict[str, Any]) -> Iterator[str]:
    yield f"## {surface.kind.capitalize()}s: `/{surface.path}`\n\n{surface.summary}\n"
    yield "### The server tells\n"
    for event in surface.every_event:
        yield from _event(event, definitions)
    yield "### A client asks\n"
    for request in surface.every_request:
        yield from _request(request, definitions)


def _event(event: LiveEvent, definitions: dict[str, Any]) -> Iterator[str]:
    partial = " May be partial." if event.may_be_partial else ""
    yield f"#### `{event.name}`\n\n{event.summary}{partial}\n"
    yield from _fields(event.data, definitions)


def _request(request: LiveRequest, definitions: dict[str, Any]) -> Iterator[str]:
    yield f"#### `{request.name}`\n\n{request.summary}\n"
    yield from _fields(request.takes, definitions)
    yield "Acknowledged with\n"
    yield from _fields(request.answers, definitions)


def _fields(model: type[BaseModel], definitions: dict[str, Any]) -> Iterator[str]:
    properties = definitions[model.__name__].get("properties", {})
    if not properties:
        yield "`{}`\n"
        return
    yield "| field | type | |\n|---|---|---|"
    for name, schema in properties.items():
        yield f"| `{name}` | {_type(schema, definitions)} | {schema.get('description', '')} |"
    yield ""


def _type(schema: dict[str, Any], definitions: dict[str, Any]) -> str:  # noqa: PLR0911 - one for each form
    if "$ref" in schema:
        return _type(definitions[schema["$ref"].rsplit("/", 1)[-1]], definitions)
    match schema:
        case {"anyOf": [*either]}:
            return " or ".join(_type(each, definitions) for each in either)
        case {"const": value}:
            return f"`{str(value).lower()}`"
        case {"enum": [*values]}:
            return ", ".join(f"`{value}`" for value in values)
        case {"type": "array", "items": items}:
            return f"list of {_type(items, definitions)}"
        case {"type": "object", "properties": inner}:
            return "{" + ", ".join(f"`{name}`" for name in inner) + "}"
        case _:
            return str(schema.get("format") or schema["type"])
