"""Nobody sets what is not theirs to set: every input of the API is offered fields that it does not have."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

import httpx2
import pytest
from tests.access.calls import Calls, Operation

from kro.core.auth.permissions import Role
from made_requests import MadeRequests
from undone import undone

pytestmark = pytest.mark.asyncio(loop_scope="package")

OFFERED: Final[Mapping[str, Any]] = {
    "id": "usr_01kajz7k3nf9b8r2m4q6s8t0vw",
    "user_id": "usr_01kajz7k3nf9b8r2m4q6s8t0vw",
    "buyer_id": "usr_01kajz7k3nf9b8r2m4q6s8t0vw",
    "seller_id": "usr_01kajz7k3nf9b8r2m4q6s8t0vw",
    "owner_id": "usr_01kajz7k3nf9b8r2m4q6s8t0vw",
    "actor_id": "adm_01kajz7k3nf9b8r2m4q6s8t0vw",
    "proposed_by": "adm_01kajz7k3nf9b8r2m4q6s8t0vw",
    "approved_by": "adm_01kajz7k3nf9b8r2m4q6s8t0vw",
    "status": "active",
    "role": "super",
    "role_code": "super",
    "permissions": ["payouts.approve"],
    "is_admin": True,
    "kyc_tier": 3,
    "amount": 1,
    "amount_minor": 1,
    "fee_amount": 0,
    "funded_amount": 1,
    "balance": 1,
    "currency_minor": 1,
    "phone_verified_at": "2026-01-15T09:00:00Z",
    "created_at": "2026-01-15T09:00:00Z",
    "deadline": "2036-01-15T09:00:00Z",
    "version": 99,
    "password_hash": "$argon2id$v=19$m=8,t=1,p=1$AAAA$AAAA",
    "__proto__": {"is_admin": True},
    "constructor": {"prototype": {"is_admin": True}},
}
TAKES_ANYTHING: Final = "/v1/webhooks/"
"""The vendor says what is in it, and a signature is what it is judged by."""


async def asked(calls: Calls, operation: Operation, **changed: Any) -> httpx2.Response:
    """Call as somebody the operation is for, and take back what came of it."""
    world, guard = calls.scene.world, calls.guard(operation)
    desk = calls.scene.admins[Role.SUPER] if guard == "admin" else None
    token = desk.token if desk is not None else world.buyer.token if guard else None
    async with undone(world.database):
        return await calls.call(operation, token, by=desk, **changed)


def objects(body: Any, pointer: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield every object of a body with its place."""
    match body:
        case dict():
            yield pointer, body
            for name, value in body.items():
                yield from objects(value, f"{pointer}/{name}")
        case list():
            for number, value in enumerate(body):
                yield from objects(value, f"{pointer}/{number}")


async def test_no_input_takes_a_field_it_does_not_declare(calls: Calls) -> None:
    tried, taken = 0, []
    for operation in calls.operations:
        body = calls.body(operation)
        if not isinstance(body, dict) or operation[1].startswith(TAKES_ANYTHING):
            continue
        offered = set()
        # Collected first: the loop below puts more objects into the body.
        for pointer, part in list(objects(body)):
            added = {name: value for name, value in OFFERED.items() if name not in part}
            added = {name: value for name, value in added.items() if name not in declared(calls, operation, pointer)}
            part.update(added)
            offered |= {f"{pointer}/{name}" for name in added}
        reply = await asked(calls, operation, body=body)
        refused = {error["pointer"] for error in reply.json().get("errors", ()) if error["code"] == "unknown_field"}
        tried += len(offered)
        if reply.status_code != 422 or offered - refused:
            taken.append((operation, reply.status_code, sorted(offered - refused)))
    assert taken == []
    assert tried > 2_000


def declared(calls: Calls, operation: Operation, pointer: str) -> set[str]:
    """Return the fields that the schema names at a place, whether or not the smallest body has them."""
    made = MadeRequests(calls.document, {})
    schemas = [made.schema(calls.described(operation))]
    for step in pointer.split("/")[1:]:
        schemas = [inner for schema in schemas for inner in _inside(made, schema, step)]
    return {name for schema in schemas for name in schema.get("properties", ())}


def _inside(made: Any, schema: Mapping[str, Any], step: str) -> Iterator[Mapping[str, Any]]:
    inner = schema.get("items") if step.isdecimal() else schema.get("properties", {}).get(step)
    for option in (inner or {}).get("anyOf", [inner] if inner else []):
        yield made.resolved(option)


async def test_no_operation_takes_a_parameter_it_does_not_declare(calls: Calls) -> None:
    taken = []
    for operation in calls.operations:
        reply = await asked(calls, operation, query={"is_admin": "true", "is_root": "1"})
        # Vendors add to the addresses of their webhooks; without a signature nobody looks at any of it.
        if operation[1].startswith(TAKES_ANYTHING) and reply.status_code == 401:
            continue
        errors = reply.json().get("errors", ()) if reply.status_code == 422 else ()
        if {error["pointer"] for error in errors} != {"query:is_admin", "query:is_root"}:
            taken.append((operation, reply.status_code, errors))
    assert taken == []
