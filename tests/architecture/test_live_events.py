"""What the page and the document say of the sockets is what the server does."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any

import orjson
from typing_extensions import TypeIs

from kro.bootstrap.live import SURFACES, USERS
from kro.core.realtime.asyncapi import asyncapi_document
from kro.core.realtime.page import events_page

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "events.md"
DOCUMENT = asyncapi_document(SURFACES, title="t", version="1", base_url="https://api.example.com")


def test_the_page_is_made_from_the_types() -> None:
    assert PAGE.read_text(encoding="utf-8") == events_page(SURFACES), "run `make docs`"


def references(node: Any) -> set[str]:
    if isinstance(node, list):
        return {found for each in node for found in references(each)}
    if isinstance(node, dict):
        own = {node["$ref"]} if "$ref" in node else set()
        return own | {found for each in node.values() for found in references(each)}
    return set()


def test_every_reference_of_the_document_leads_somewhere() -> None:
    document = orjson.loads(orjson.dumps(DOCUMENT))
    found = references(document)

    for reference in found:
        node = document
        for step in reference.removeprefix("#/").split("/"):
            node = node[step]
    assert len(found) > 50


def test_every_event_and_request_is_an_operation_with_its_answers() -> None:
    for surface in SURFACES:
        operations = {
            name: operation for name, operation in DOCUMENT["operations"].items() if name.startswith(f"{surface.kind}.")
        }
        sent = [operation for operation in operations.values() if operation["action"] == "send"]
        asked = [operation for operation in operations.values() if operation["action"] == "receive"]
        assert (len(sent), len(asked)) == (len(surface.every_event), len(surface.every_request))
        assert all(len(operation["reply"]["messages"]) == 2 for operation in asked)


def is_name(key: ast.expr | None) -> TypeIs[ast.Constant]:
    return isinstance(key, ast.Constant)


def test_nothing_is_told_that_is_not_documented() -> None:
    known = {event.name for event in USERS.events}
    told: dict[str, str] = {}
    for path in (ROOT / "src" / "kro").rglob("*.py"):
        if "providers" in path.parts or "demo" in path.parts or "run" in path.parts:
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Dict):
                fields = {key.value: value for key, value in zip(node.keys, node.values, strict=True) if is_name(key)}
                event = fields.get("event")
                if "users" in fields and event is not None:
                    # Written out, or the name of a constant that says it.
                    name = str(event.value) if isinstance(event, ast.Constant) else ast.unparse(event)
                    told[name.lower().replace("_", ".")] = str(path)

    passed_on = {"event"}  # The helpers of payments and refunds, whose callers the messages of all tests show.
    assert {"order.event", "order.message", "notification.created"} <= set(told) <= known | passed_on, told
