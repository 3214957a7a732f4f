"""Of each request what operators ask for: counted by route and kind of answer, and its trace where one is kept."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any, Final

import httpx2
import pytest
from fastapi import APIRouter
from opentelemetry.sdk.trace.sampling import Decision, TraceIdRatioBased

from collector import Collector, collecting, facts_of
from kro.core.config import LogFormat, LoggingSettings, LogLevel, load_settings
from kro.core.encryption import BlindIndex
from kro.core.http import new_api
from kro.core.ids import SystemIdSource
from kro.core.telemetry import configure_logging, hooks
from kro.core.telemetry.exporting import Exporting, ExportOptions
from kro.core.telemetry.spans import is_drawn
from kro.core.telemetry.tracing import working

STRANGERS_TRACE: Final = "0af7651916cd43dd8448eb211c80319c"
PARENT: Final = f"00-{STRANGERS_TRACE}-b7ad6b7169203331"


@pytest.fixture
def collector() -> Iterator[Collector]:
    with collecting() as one:
        yield one


@pytest.fixture(autouse=True)
def _logging() -> None:
    configure_logging(LoggingSettings(level=LogLevel.INFO, format=LogFormat.JSON), stream=io.StringIO())


def exporting(collector: Collector, *, ratio: float) -> Exporting:
    return Exporting(
        ExportOptions(
            endpoint=collector.url, headers={}, resource={}, sample_ratio=ratio, slow_milliseconds=2000,
            export_seconds=600, scraped=False,
        )
    )  # fmt: skip


def api() -> Any:
    router = APIRouter()

    @router.get("/things/{thing_id}")
    async def thing(thing_id: int) -> int:
        return 7 // thing_id

    app = new_api(
        title="KRO",
        version="1",
        settings=load_settings(environment="local", environ={}).app,
        ids=SystemIdSource(),
        checks={},
    )
    app.state.index = BlindIndex(key=bytes(32))
    app.include_router(router, prefix="/v1")
    return app


async def ask(*paths: str, **headers: str) -> list[httpx2.Response]:
    transport = httpx2.ASGITransport(app=api())
    async with httpx2.AsyncClient(transport=transport, base_url="http://api.test") as http:
        return [await http.get(path, headers=headers) for path in paths]


def counted(collector: Collector) -> dict[tuple[str, str, str], int]:
    metrics = [m for sent in collector.metrics for one in sent.resource_metrics for s in one.scope_metrics
               for m in s.metrics if m.name == "kro.http.request"]  # fmt: skip
    facts = [(facts_of(point), point.count) for metric in metrics for point in metric.histogram.data_points]
    return {(one["method"], one["route"], one["status"]): count for one, count in facts}


async def test_every_request_is_counted_by_route_and_kind_of_answer(collector: Collector) -> None:
    told = exporting(collector, ratio=0)

    answers = await ask(
        *["/v1/things/1"] * 5, "/v1/things/x", "/v1/things/y", "/v1/things/0", "/v1/nowhere", "/health/live"
    )
    told.shut_down().join()

    assert [one.status_code for one in answers] == [200] * 5 + [422, 422, 500, 404, 200]
    assert counted(collector) == {
        ("GET", "/v1/things/{thing_id}", "2xx"): 5,
        ("GET", "/v1/things/{thing_id}", "4xx"): 2,
        ("GET", "/v1/things/{thing_id}", "5xx"): 1,
        ("GET", "-", "4xx"): 1,
        ("GET", "/health/live", "2xx"): 1,
    }


async def test_a_failure_is_told_whole_though_nothing_is_sampled(collector: Collector) -> None:
    told = exporting(collector, ratio=0)

    [failed, _] = await ask("/v1/things/0", "/v1/things/1", traceparent=f"{PARENT}-00")
    told.shut_down().join()

    [span] = collector.spans()
    assert span.name == "GET /v1/things/{thing_id}"
    assert (span.trace_id.hex(), span.parent_span_id.hex()) == (STRANGERS_TRACE, "b7ad6b7169203331")
    assert (span.status.code, facts_of(span)["http.response.status_code"]) == (2, 500)
    assert facts_of(span)["kro.request_id"] == failed.headers["x-request-id"] == failed.json()["request_id"]
    assert failed.json()["trace_id"] == STRANGERS_TRACE
    lines = {record.body.string_value: record for record, _ in collector.lines()}
    assert lines["unhandled_error"].trace_id.hex() == STRANGERS_TRACE
    assert lines["unhandled_error"].span_id == span.span_id


@pytest.mark.parametrize("ratio", [0, 0.05, 0.5, 1])
def test_the_traces_id_decides_as_everywhere(collector: Collector, ratio: float) -> None:
    told = exporting(collector, ratio=ratio)
    spans, theirs, seen = hooks.request_spans(), TraceIdRatioBased(ratio), []
    assert spans is not None
    for _ in range(300):
        span = spans.begin(b"")
        context = hooks.current()
        assert context is not None
        expected = theirs.should_sample(None, context.trace_id, "x").decision is Decision.RECORD_AND_SAMPLE
        seen.append((context.trace_flags.sampled, hooks.is_sampled(), is_drawn(context.trace_id, ratio), expected))
        span.end(method="GET", route="/x", status=200, request_id="req_1", seconds=0.01)
    assert hooks.current() is None
    told.shut_down().join()

    assert {len(set(one)) for one in seen} == {1}
    assert len(collector.spans()) == sum(one[0] for one in seen)
    if 0 < ratio < 1:
        assert 0 < len(collector.spans()) < 300


@pytest.mark.parametrize(("ratio", "flag", "kept"), [(0, "01", True), (1, "00", False)])
def test_work_follows_the_request_that_caused_it(collector: Collector, ratio: float, flag: str, kept: bool) -> None:
    told = exporting(collector, ratio=ratio)
    with working("outbox x", mark={"traceparent": f"{PARENT}-{flag}"}):
        assert hooks.trace_id() == STRANGERS_TRACE
    told.shut_down().join()

    assert [span.name for span in collector.spans()] == (["outbox x"] if kept else [])


@pytest.mark.parametrize("ratio", [0, 1])
async def test_of_a_request_that_is_not_sampled_there_are_no_ordinary_lines(collector: Collector, ratio: int) -> None:
    told = exporting(collector, ratio=ratio)
    await ask("/v1/things/1")
    told.shut_down().join()

    assert [record.body.string_value for record, _ in collector.lines()] == ["request_served"] * ratio
