"""A real request and the delivery it causes, as a collector of OTLP sees them; and what it must not see."""

from __future__ import annotations

import asyncio
import re
import threading
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any, Final

import httpx2
import pytest
from pydantic import SecretStr

from canaries import leaks
from collector import Collector, collecting, facts_of
from kro.bootstrap import build
from kro.core.config import LogFormat, LoggingSettings, LogLevel, MetricsSettings, Settings, TelemetrySettings
from kro.core.outbox import OutboxRelay
from kro.main import create_app
from kro_api import settings_for

PASSWORD: Final = "telemetry-kettle-of-42"
PHONE: Final = "+2348031239876"
TOKEN: Final = "scrape-me-only-if-you-know-this"
STRANGERS_TRACE: Final = "0af7651916cd43dd8448eb211c80319c"
STRANGERS_SPAN: Final = "b7ad6b7169203331"


@pytest.fixture(autouse=True)
def _threads_have_ended() -> Iterator[None]:
    """Wait for what an end did not wait for: an export that is tried again would draw numbers beside other tests."""
    yield
    for thread in threading.enumerate():
        if thread.name.startswith(("Otel", "telemetry-end")):
            thread.join(timeout=90)
            assert not thread.is_alive(), thread.name


@pytest.fixture
def collector() -> Iterator[Collector]:
    with collecting() as one:
        yield one


def told_settings(fresh_database: Any, collector: Collector, *, sample_ratio: float = 1.0) -> Settings:
    settings = settings_for(fresh_database.cluster, fresh_database.name)
    return settings.model_copy(
        update={
            "logging": LoggingSettings(level=LogLevel.INFO, format=LogFormat.JSON),
            "highlight": settings.highlight.model_copy(update={"endpoint": collector.url, "project_id": "prj-7"}),
            "telemetry": TelemetrySettings(
                headers={"x-collector-key": SecretStr("collector-key-of-ours")},
                sample_ratio=sample_ratio,
                metrics=MetricsSettings(port=0, token=SecretStr(TOKEN)),
            ),
            "termii": settings.termii.model_copy(update={"base_url": f"{collector.url}/termii"}),
        }
    )


@asynccontextmanager
async def serving(settings: Settings) -> AsyncIterator[httpx2.AsyncClient]:
    """Serve the application as a server would, from the start of its lifespan to the end."""
    app = create_app(settings)
    to_app: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
    from_app: asyncio.Queue[Any] = asyncio.Queue()
    lifespan: asyncio.Task[None] = asyncio.create_task(
        app({"type": "lifespan", "asgi": {"version": "3.0"}, "state": {}}, to_app.get, from_app.put)  # type: ignore[arg-type]
    )
    await to_app.put({"type": "lifespan.startup"})
    assert (await from_app.get())["type"] == "lifespan.startup.complete"
    transport = httpx2.ASGITransport(app=app, raise_app_exceptions=False)
    async with httpx2.AsyncClient(transport=transport, base_url="http://127.0.0.1:3000") as http:
        yield http
    await to_app.put({"type": "lifespan.shutdown"})
    assert (await from_app.get())["type"] == "lifespan.shutdown.complete"
    await lifespan


async def deliver(settings: Settings) -> None:
    """Do a worker's deliveries."""
    application = build(settings)
    await application.open()
    await OutboxRelay(application.database, application.outbox_handlers).run_until_idle()
    await application.close()


async def register(http: httpx2.AsyncClient, **headers: str) -> httpx2.Response:
    person = {"phone": PHONE, "password": PASSWORD, "first_name": "Ada", "last_name": "Obi"}
    return await http.post("/v1/auth/register", json=person, headers=headers)


async def test_one_trace_leads_from_a_request_to_the_vendors_call(fresh_database: Any, collector: Collector) -> None:
    settings = told_settings(fresh_database, collector)
    async with serving(settings) as http:
        parent = f"00-{STRANGERS_TRACE}-{STRANGERS_SPAN}-01"
        reply = await register(http, traceparent=parent, authorization="Bearer eyJhbGciOiJIUzI1NiJ9.e30.c2ln")
        assert reply.status_code == 202, reply.text
        await deliver(settings)

    request_id = reply.headers["x-request-id"]
    request = collector.span("POST /v1/auth/register")
    assert (request.trace_id.hex(), request.parent_span_id.hex()) == (STRANGERS_TRACE, STRANGERS_SPAN)
    assert facts_of(request) == {
        "http.request.method": "POST",
        "http.route": "/v1/auth/register",
        "http.response.status_code": 202,
        "kro.request_id": request_id,
    }
    inside = {span.name for span in collector.spans() if span.parent_span_id == request.span_id}
    assert "SELECT apply_decision" in inside or any(name.startswith("INSERT") for name in inside), inside
    [delivery] = [span for span in collector.spans() if span.name.startswith("outbox ")]
    assert (delivery.trace_id, delivery.parent_span_id) == (request.trace_id, request.span_id)
    assert facts_of(delivery)["kro.request_id"] == request_id
    [call] = [span for span in collector.spans() if span.name == "termii send"]
    assert (call.trace_id, call.parent_span_id) == (request.trace_id, delivery.span_id)

    served = [(r, facts) for r, facts in collector.lines() if r.body.string_value == "request_served"]
    assert [(r.trace_id.hex(), facts["request_id"]) for r, facts in served] == [(STRANGERS_TRACE, request_id)]
    at_work = [facts for _, facts in collector.lines() if "request_id" in facts and facts.get("route") is None]
    assert {facts["request_id"] for facts in at_work} == {request_id}
    assert {"kro.http.request", "kro.provider.call", "kro.outbox.tries", "kro.work"} <= collector.metric_names()
    assert all(resource["highlight.project_id"] == "prj-7" for resource in collector.resources())
    assert all(sent.get("x-collector-key") for sent in collector.headers if "gzip" in sent.get("Content-Encoding", ""))


async def test_nothing_told_names_anybody_or_opens_anything(fresh_database: Any, collector: Collector) -> None:
    settings = told_settings(fresh_database, collector)
    async with serving(settings) as http:
        await register(http, **{"x-request-id": "mine-1"})
        await http.get("/v1/nowhere/canary-in-a-path", params={"token": "canary-in-a-query"})
        await http.post("/v1/auth/login", json={"phone": PHONE, "password": "canary-kettle-wrong-9"})
        await deliver(settings)

    [text] = collector.texts
    [code] = re.findall(r"(?<!\d)\d{6}(?!\d)", text["sms"])
    told = collector.everything()
    secrets = (PHONE, PHONE[1:], PASSWORD, "canary", "Ada", "Obi", TOKEN, "collector-key", settings.database.name)
    assert "request_served" in told
    assert [secret for secret in secrets if secret in told and secret != "kro"] == []
    assert re.search(rf"(?<![0-9A-Za-z.]){code}(?![0-9A-Za-z.])", told) is None
    assert leaks(told) == []


MALFORMED: Final = (
    "",
    "00-0-0-00",
    f"ff-{'a' * 32}-{'b' * 16}-01",
    f"00-{'0' * 32}-{'0' * 16}-01",
    "é" * 50,
    "x" * 5000,
)


@pytest.mark.parametrize("header", MALFORMED, ids=["empty", "short", "version", "zeros", "letters", "long"])
async def test_a_malformed_parent_is_ignored(fresh_database: Any, collector: Collector, header: str) -> None:
    async with serving(told_settings(fresh_database, collector)) as http:
        reply = await http.get("/health/live", headers=[(b"traceparent", header.encode())])
        assert reply.status_code == 200

    assert collector.span("GET /health/live").parent_span_id == b""


async def test_strangers_do_not_decide_what_is_exported_but_failures_are_told_in_any_case(
    fresh_database: Any, collector: Collector
) -> None:
    settings = told_settings(fresh_database, collector, sample_ratio=0)
    async with serving(settings) as http:
        await http.get("/health/live", headers={"traceparent": f"00-{STRANGERS_TRACE}-{STRANGERS_SPAN}-01"})
        await register(http)
        # The only vendor that could be reached does not answer as it should.
        await deliver(settings)

    names = {span.name for span in collector.spans()}
    assert {"termii send", "outbox sms.otp"} <= names
    assert [name for name in names if name.startswith(("GET", "POST", "INSERT", "SELECT"))] == []


async def test_a_collector_that_is_away_costs_no_request_and_no_end(fresh_database: Any, collector: Collector) -> None:
    settings = told_settings(fresh_database, collector)
    away = settings.highlight.model_copy(update={"endpoint": "http://127.0.0.1:9"})
    async with serving(settings.model_copy(update={"highlight": away})) as http:
        began = time.monotonic()
        for _ in range(400):
            reply = await http.get("/health/live")
        assert reply.status_code == 200
        busy = time.monotonic() - began
        began = time.monotonic()
    assert time.monotonic() - began < 5, "its end took too long"
    assert busy < 30
