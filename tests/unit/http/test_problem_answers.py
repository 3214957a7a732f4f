from __future__ import annotations

import io
import json
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager

import httpx2
import pytest
from fastapi import APIRouter, HTTPException

from kro.core.errors import ErrorKind, FieldError, KroError, ValidationFailedError
from kro.core.http import SurfaceMiddleware, render_problem
from kro.core.http.body import BodyMiddleware
from kro.core.http.problems import STATUS
from kro.core.http.traffic import TrafficMiddleware
from kro.core.telemetry import hooks

Serve = Callable[..., AbstractAsyncContextManager[httpx2.AsyncClient]]


class HeldError(KroError):
    """The order is held."""

    kind = ErrorKind.CONFLICT
    code = "order_on_hold"


class SendsExhaustedError(KroError):
    """Too many codes were sent."""

    kind = ErrorKind.RATE_LIMITED
    code = "otp_sends_exhausted"
    policy = "otp"
    quota = 3
    window_seconds = 600


RAISED: dict[str, Callable[[], Exception]] = {
    "held": HeldError,
    "limited": lambda: SendsExhaustedError(retry_after_seconds=412),
    "fields": lambda: ValidationFailedError("/title", "too_short", "The title says nothing."),
    "locked": lambda: HTTPException(423, "canary-1"),
    "gone": lambda: HTTPException(410, "canary-2"),
    "bug": lambda: RuntimeError("canary-3: SELECT * FROM users"),
}


@pytest.fixture
def router() -> APIRouter:
    router = APIRouter()

    @router.get("/raise/{name}")
    async def fail(name: str) -> None:
        error = RAISED[name]()
        raise error

    return router


def lines(log: io.StringIO) -> list[dict[str, object]]:
    return [json.loads(line) for line in log.getvalue().splitlines()]


async def get(serve: Serve, router: APIRouter, path: str) -> httpx2.Response:
    async with serve(router) as client:
        answer = await client.get(path)
    assert answer.headers["content-type"] == "application/problem+json"
    return answer


async def test_an_expected_failure_is_a_problem_with_a_stable_code(serve: Serve, router: APIRouter) -> None:
    answer = await get(serve, router, "/v1/raise/held")

    assert answer.status_code == 409
    assert answer.json() == {
        "type": "urn:kro:error:order_on_hold",
        "title": "Order on hold",
        "status": 409,
        "code": "order_on_hold",
        "detail": "The order is held.",
        "retryable": False,
        "instance": "/v1/raise/held",
        "request_id": answer.headers["x-request-id"],
    }


async def test_offending_fields_are_listed(serve: Serve, router: APIRouter) -> None:
    answer = await get(serve, router, "/v1/raise/fields")

    assert answer.status_code == 422
    assert answer.json()["errors"] == [{"pointer": "/title", "code": "too_short", "detail": "The title says nothing."}]


async def test_a_rate_limit_tells_its_quota_and_when_to_come_back(serve: Serve, router: APIRouter) -> None:
    answer = await get(serve, router, "/v1/raise/limited")

    assert answer.status_code == 429
    assert answer.json()["retryable"] is True
    assert answer.headers["retry-after"] == "412"
    assert answer.headers["ratelimit-policy"] == '"otp";q=3;w=600'
    assert answer.headers["ratelimit"] == '"otp";r=0;t=412'


@pytest.mark.parametrize("kind", list(ErrorKind))
def test_every_kind_has_a_status(kind: ErrorKind) -> None:
    assert 400 <= STATUS[kind] <= 504


def test_a_problem_outside_of_a_request_names_none() -> None:
    error = HeldError(errors=(FieldError("/a", "b", "c"),))

    reply = render_problem(error)

    assert reply.status == 409
    assert reply.content_type == "application/problem+json"
    assert json.loads(reply.body).keys() == {"type", "title", "status", "code", "detail", "retryable", "errors"}


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/v1/nothing", 404, "not_found"),
        ("POST", "/v1/raise/held", 405, "method_not_allowed"),
        ("GET", "/v1/raise/locked", 423, "locked"),
        ("GET", "/v1/raise/gone", 410, "gone"),
    ],
)
async def test_the_frameworks_own_refusals_are_problems_too(
    serve: Serve, router: APIRouter, *, method: str, path: str, status: int, code: str
) -> None:
    async with serve(router) as client:
        answer = await client.request(method, path)

    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert "canary" not in answer.text
    assert answer.headers.get("allow") == ("GET" if status == 405 else None)


async def test_a_401_says_how_to_authenticate(serve: Serve, router: APIRouter) -> None:
    class TokenError(KroError):
        """The token is not valid."""

        kind = ErrorKind.UNAUTHENTICATED
        code = "token_invalid"

    @router.get("/token")
    async def token() -> None:
        raise TokenError

    answer = await get(serve, router, "/v1/token")

    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"


class TestBugs:
    async def test_tell_the_client_nothing_but_where_to_ask(self, serve: Serve, router: APIRouter) -> None:
        answer = await get(serve, router, "/v1/raise/bug")

        assert answer.status_code == 500
        assert answer.json()["code"] == "internal_error"
        assert answer.json()["request_id"] == answer.headers["x-request-id"]
        assert "canary" not in answer.text

    async def test_can_be_read_by_the_browsers_of_our_own_apps(self, serve: Serve, router: APIRouter) -> None:
        async with serve(router) as client:
            answer = await client.get("/v1/raise/bug", headers={"Origin": "http://localhost:5173"})

        assert answer.headers["access-control-allow-origin"] == "http://localhost:5173"

    async def test_are_logged_once_without_the_text_of_the_exception(
        self, serve: Serve, router: APIRouter, log: io.StringIO
    ) -> None:
        answer = await get(serve, router, "/v1/raise/bug")

        errors = [line for line in lines(log) if line["level"] == "error"]
        assert len(errors) == 1
        assert errors[0]["event"] == "unhandled_error"
        assert errors[0]["request_id"] == answer.headers["x-request-id"]
        assert errors[0]["route"] == "/v1/raise/{name}"
        assert errors[0]["error"] == ["RuntimeError"]
        assert "canary" not in json.dumps(lines(log))


class TestBugsOfLayers:
    """Of those that stand around what answers: they end as any other bug does."""

    @pytest.fixture(params=[BodyMiddleware, TrafficMiddleware, SurfaceMiddleware])
    def _broken(self, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
        async def fail(*_: object) -> None:
            raise RuntimeError("canary-4")

        monkeypatch.setattr(request.param, "__call__", fail)

    @pytest.mark.usefixtures("_broken")
    async def test_are_problems_told_and_counted(
        self, serve: Serve, router: APIRouter, log: io.StringIO, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        counted: list[dict[str, str]] = []
        monkeypatch.setattr(hooks, "observe", lambda _, __, **labels: counted.append(labels))
        async with serve(router) as client:
            answer = await client.post("/v1/x", json={}, headers={"Origin": "http://localhost:5173"})

        assert (answer.status_code, answer.json()["code"]) == (500, "internal_error")
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.headers["access-control-allow-origin"] == "http://localhost:5173"
        assert answer.json()["request_id"] == answer.headers["x-request-id"]
        told = [(line["event"], line["request_id"]) for line in lines(log)]
        assert told == [(event, answer.json()["request_id"]) for event in ("unhandled_error", "request_served")]
        assert "canary" not in answer.text + log.getvalue()
        assert counted == [{"method": "POST", "route": "-", "status": "5xx"}]


async def test_one_access_line_names_the_route_and_not_the_address(
    serve: Serve, router: APIRouter, log: io.StringIO
) -> None:
    async with serve(router) as client:
        await client.get("/v1/raise/held?canary=1", headers={"X-Request-Id": "mine"})

    (line,) = lines(log)
    assert line.pop("milliseconds") >= 0  # type: ignore[operator]  # It is a number.
    assert line.pop("timestamp")
    assert line == {
        "event": "request_served",
        "level": "info",
        "method": "GET",
        "route": "/v1/raise/{name}",
        "status": 422,
        "request_id": "req_00000000000000000000000001",
        "client_request_id": "mine",
    }
