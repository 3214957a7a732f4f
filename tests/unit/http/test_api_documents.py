from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Any

import httpx2
import pytest
from fastapi import APIRouter

from kro.core.errors import ErrorKind, KroError
from kro.core.http import IdempotencyKey, Input, MoneyIn, OptionalIdempotencyKey, Problem, problems

Serve = Callable[..., AbstractAsyncContextManager[httpx2.AsyncClient]]


class ClosedError(KroError):
    """The order is closed.

    More words that are not for clients.
    """

    kind = ErrorKind.CONFLICT
    code = "order_closed"

    def __init__(self, status: str) -> None:
        super().__init__(f"An order that is {status} stays so.")


class HeldError(KroError):
    """The order is held."""

    kind = ErrorKind.CONFLICT
    code = "order_on_hold"


class TermsStaleError(KroError):
    """The quote has expired."""

    kind = ErrorKind.INVALID
    code = "quote_expired"


class Fund(Input):
    amount: MoneyIn


@pytest.fixture
def router() -> APIRouter:
    router = APIRouter(prefix="/orders")

    @router.post("/{order_id}/fund", responses=problems(HeldError, ClosedError, TermsStaleError))
    async def fund(order_id: str, body: Fund, key: IdempotencyKey) -> str:
        return f"{order_id}{body}{key}"

    @router.post("/{order_id}/note")
    async def note(order_id: str, key: OptionalIdempotencyKey) -> str:
        return f"{order_id}{key}"

    @router.get("")
    async def orders() -> str:
        return ""

    return router


@pytest.fixture
async def document(serve: Serve, router: APIRouter) -> dict[str, Any]:
    async with serve(router) as client:
        await client.get("/openapi.json")
        answer: dict[str, Any] = (await client.get("/openapi.json")).json()
    return answer


def codes(operation: dict[str, Any]) -> dict[str, set[str]]:
    return {
        status: set(entry["content"]["application/problem+json"].get("examples", {}))
        for status, entry in operation["responses"].items()
        if status[0] in "45"
    }


def test_every_error_of_a_route_is_documented(document: dict[str, Any]) -> None:
    assert codes(document["paths"]["/v1/orders/{order_id}/fund"]["post"]) == {
        "400": {"malformed_body", "body_too_deep", "idempotency_key_missing", "idempotency_key_invalid"},
        "403": {"domain_not_allowed"},
        "404": {"not_found"},
        "409": {"order_closed", "order_on_hold", "idempotency_in_progress", "concurrent_update"},
        "413": {"body_too_large"},
        "415": {"unsupported_media_type"},
        "422": {"validation_failed", "unknown_parameter", "quote_expired", "idempotency_key_reused"},
        "429": {"rate_limited"},
        "500": set(),
    }


def test_only_what_can_happen_is_documented(document: dict[str, Any]) -> None:
    assert codes(document["paths"]["/v1/orders"]["get"]) == {
        "403": {"domain_not_allowed"},
        "422": {"unknown_parameter"},
        "429": {"rate_limited"},
        "500": set(),
    }
    assert "idempotency_key_missing" not in codes(document["paths"]["/v1/orders/{order_id}/note"]["post"])["400"]


def test_examples_are_real_problems(document: dict[str, Any]) -> None:
    answer = document["paths"]["/v1/orders/{order_id}/fund"]["post"]["responses"]["409"]
    example = answer["content"]["application/problem+json"]["examples"]["order_closed"]

    assert example["summary"] == "Order closed"
    assert Problem.model_validate(example["value"]).detail == "The order is closed."
    assert answer["description"] == "`concurrent_update`, `idempotency_in_progress`, `order_closed`, `order_on_hold`"


def test_the_idempotency_header_is_required_where_it_is(document: dict[str, Any]) -> None:
    def header(path: str) -> dict[str, Any]:
        parameters = document["paths"][path]["post"]["parameters"]
        found: dict[str, Any] = next(parameter for parameter in parameters if parameter["in"] == "header")
        return found

    assert header("/v1/orders/{order_id}/fund")["required"] is True
    assert header("/v1/orders/{order_id}/note")["required"] is False
    assert header("/v1/orders/{order_id}/fund")["schema"] == {"type": "string", "minLength": 1, "maxLength": 255}


def test_schemas_are_ours(document: dict[str, Any]) -> None:
    schemas = document["components"]["schemas"]

    assert {"Problem", "ProblemField", "Fund", "MoneyIn"} <= schemas.keys()
    assert not {"HTTPValidationError", "ValidationError"} & schemas.keys()
    assert schemas["Fund"]["additionalProperties"] is False
    assert set(re.findall(r"#/components/schemas/(\w+)", str(document))) <= schemas.keys()


async def test_the_page_loads_nothing_from_elsewhere(serve: Serve, router: APIRouter) -> None:
    async with serve(router) as client:
        answer = await client.get("/docs")
        addresses = re.findall(r"""(?:src|href|url:)\s*=?\s*['"]([^'"]+)['"]""", answer.text)
        local = [address for address in addresses if address.startswith("/")]
        loaded = [(await client.get(address)).status_code for address in local]

    assert answer.status_code == 200
    assert len(local) >= 2
    assert set(loaded) == {200}
    assert [address for address in addresses if "//" in address] == []
    assert "http" not in answer.headers["content-security-policy"]
