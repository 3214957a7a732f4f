"""Requests made from the API's own documentation: each as well-formed as its schema says, and as small."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Final
from uuid import uuid4

from hypothesis import Phase, find, settings
from hypothesis import strategies as st

PNG: Final = b"\x89PNG\r\n\x1a\n" + b"\x00" * 64
_ID: Final = re.compile(r"^\^([a-z]{3})_\[0-7\]")
_ANY_ID: Final = "01kajz7k3nf9b8r2m4q6s8t0vw"
_BY_FORMAT: Final[Mapping[str, Any]] = {
    "date": "2026-01-15",
    "date-time": "2026-01-15T09:00:00Z",
    "email": "somebody@kro.example",
    "uri": "https://kro.example/",
    "uuid": "00000000-0000-7000-8000-000000000001",
    "binary": "",
}


@dataclass(frozen=True)
class MadeRequests:
    """Makes requests for the operations of one OpenAPI document.

    ``ids`` are objects by prefix (``ord``), which stand where a schema wants an id of that kind.
    """

    document: Mapping[str, Any]
    ids: Mapping[str, str]

    def body(self, operation: Mapping[str, Any]) -> Any:
        """Return the smallest JSON body an operation takes, or ``None`` when it takes none."""
        content = operation.get("requestBody", {}).get("content", {})
        return self.value(content["application/json"]["schema"]) if "application/json" in content else None

    def schema(self, operation: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return the schema of an operation's JSON body."""
        return self.resolved(operation["requestBody"]["content"]["application/json"]["schema"])

    def query(self, operation: Mapping[str, Any]) -> dict[str, Any]:
        """Return a value for each query parameter that has to be there."""
        return {
            parameter["name"]: self.value(parameter["schema"])
            for parameter in operation.get("parameters", ())
            if parameter["in"] == "query" and parameter.get("required")
        }

    def resolved(self, schema: Mapping[str, Any]) -> Mapping[str, Any]:
        while "$ref" in schema:
            schema = self.document["components"]["schemas"][schema["$ref"].rsplit("/", 1)[-1]]
        return schema

    def value(self, schema: Mapping[str, Any]) -> Any:
        """Return a value that a schema accepts: an existing object, an example, or the least there is."""
        schema = self.resolved(schema)
        if found := _ID.match(schema.get("pattern", "")):
            return self.ids.get(found[1], f"{found[1]}_{_ANY_ID}")
        for fixed in ("const", "default"):
            if fixed in schema:
                return schema[fixed]
        for listed in ("examples", "enum"):
            if schema.get(listed):
                return schema[listed][0]
        for options in ("anyOf", "oneOf", "allOf"):
            if schema.get(options):
                return self.value(schema[options][0])
        return self._least(schema)

    def _least(self, schema: Mapping[str, Any]) -> Any:
        match schema.get("type"):
            case "object":
                return {name: self.value(schema["properties"][name]) for name in schema.get("required", ())}
            case "array":
                return [self.value(schema["items"]) for _ in range(schema.get("minItems", 0))]
            case "integer" | "number":
                return max(int(schema.get("minimum", 0)), int(schema.get("exclusiveMinimum", -1)) + 1)
            case "boolean":
                return False
            case "string":
                return _text(schema)
            case _:
                return {}


def _text(schema: Mapping[str, Any]) -> str:
    if "format" in schema:
        return str(_BY_FORMAT[schema["format"]])
    if "pattern" in schema:
        return _matching(schema["pattern"])
    return "text".ljust(schema.get("minLength", 0), "x")[: schema.get("maxLength")]


@cache
def _matching(pattern: str) -> str:
    any_will_do = settings(database=None, derandomize=True, phases=[Phase.generate])
    return find(st.from_regex(pattern, fullmatch=True), lambda _: True, settings=any_will_do)


def sent(operation: Mapping[str, Any], *, body: Any, query: Mapping[str, Any]) -> dict[str, Any]:
    """Return the arguments of a client's ``request`` for what an operation takes: JSON, a file, or nothing."""
    headers = {"Idempotency-Key": uuid4().hex}
    request: dict[str, Any] = {"headers": headers, "params": dict(query)}
    content = operation.get("requestBody", {}).get("content", {})
    if "application/json" in content:
        request["json"] = body
    elif "image/png" in content:
        headers["Content-Type"] = "image/png"
        request["content"] = body or PNG
    elif content:
        headers["Content-Type"] = next(iter(content))
        request["content"] = body or b""
    return request
