"""From a row that money or an order's life left behind to the trace that wrote it, and back."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Any, Final
from uuid import UUID

import pytest
from pydantic import SecretStr

from collector import Collector, collecting, facts_of
from kro.core.config import MetricsSettings, TelemetrySettings
from kro.core.telemetry import Telemetry, start_telemetry
from kro_api import World, running_world, settings_for
from order_steps import DUE, accepted, put_money

JOURNALS: Final = """
SELECT j.*, t.trace_id, t.request_id AS caused_by FROM ledger_journals AS j LEFT JOIN traces AS t ON t.row_id = j.id"""
EVENTS: Final = "SELECT e.*, t.trace_id FROM order_events AS e LEFT JOIN traces AS t ON t.row_id = e.id"
RATIOS: Final = {"kept": 1.0, "not_kept": 0.0}


@pytest.fixture
def collector() -> Iterator[Collector]:
    with collecting() as one:
        yield one


@pytest.fixture(params=["kept"])
async def traced(fresh_database: Any, collector: Collector, request: Any) -> AsyncIterator[tuple[World, Telemetry]]:
    """A world whose buyer and seller are told of to a collector."""
    settings = settings_for(fresh_database.cluster, fresh_database.name)
    settings = settings.model_copy(
        update={
            "highlight": settings.highlight.model_copy(update={"endpoint": collector.url}),
            "telemetry": TelemetrySettings(
                sample_ratio=RATIOS[request.param], metrics=MetricsSettings(port=0, token=SecretStr("t" * 32))
            ),
        }
    )
    telemetry = start_telemetry(settings, role="api", version="0")
    assert telemetry is not None
    try:
        async with running_world(settings) as world:
            yield world, telemetry
    finally:
        await telemetry.close()


def told_of(collector: Collector, trace: UUID | None) -> tuple[set[str], set[str]]:
    """Return the names of a trace's spans, and the requests they say they belong to."""
    assert trace is not None
    spans = [span for span in collector.spans() if span.trace_id == trace.bytes]
    facts = [facts_of(span) for span in spans]
    return {span.name for span in spans}, {one["kro.request_id"] for one in facts if "kro.request_id" in one}


async def test_a_journal_an_event_and_a_message_name_the_trace_of_their_request(
    traced: tuple[World, Telemetry], collector: Collector
) -> None:
    world, telemetry = traced
    order = await accepted(world)
    await put_money(world, DUE)

    paid = await world.buyer.post(f"/orders/{order['id']}/fund", {"method": "balance"})
    await world.work()
    journal = await world.database.row(f"{JOURNALS} ORDER BY j.recorded_at DESC, j.id DESC LIMIT 1")
    event = await world.database.row(f"{EVENTS} ORDER BY e.seq DESC LIMIT 1")
    marks = await world.database.rows(
        "SELECT topic, payload -> '_trace' AS mark FROM outbox WHERE payload -> '_trace' ->> 'request_id' = $1",
        paid.headers["x-request-id"],
    )
    await telemetry.close()

    assert paid.status_code == 200, paid.text
    assert journal["request_id"] == paid.headers["x-request-id"]
    names, requests = told_of(collector, journal["trace_id"])
    assert requests == {journal["request_id"]}
    assert "POST /v1/orders/{order_id}/fund" in names
    # The worker's part is in the same trace.
    assert {name for name in names if name.startswith("outbox ")}
    assert (event["type"], event["trace_id"]) == ("funded", journal["trace_id"])
    assert marks
    assert {row["mark"]["traceparent"].split("-")[1] for row in marks} == {journal["trace_id"].hex}


async def test_the_journal_of_a_webhook_names_the_trace_of_the_request_that_brought_it(
    traced: tuple[World, Telemetry], collector: Collector
) -> None:
    world, telemetry = traced
    order = await accepted(world)
    begun = await world.buyer.post(f"/orders/{order['id']}/fund", {"method": "checkout"})
    assert begun.status_code < 300, begun.text
    await world.work()
    reference = await world.database.value("SELECT reference FROM transactions WHERE kind = 'payment'")
    world.paystack.pay(reference)

    raw, headers = world.paystack.webhook("charge.success", reference)
    reply = await world.http.post(
        "/v1/webhooks/paystack", content=raw, headers={**headers, "Content-Type": "application/json"}
    )
    assert await world.application.listening.webhooks.process_due() == 1
    journal = await world.database.row(f"{JOURNALS} WHERE j.external_ref IS NOT NULL")
    await telemetry.close()

    names, requests = told_of(collector, journal["trace_id"])
    assert {"POST /v1/webhooks/{provider}", "webhook paystack"} <= names
    assert requests == {reply.headers["x-request-id"]}
    # The worker wrote it, and it is known for whom.
    assert (journal["request_id"], journal["caused_by"]) == (None, reply.headers["x-request-id"])


async def test_a_problem_names_a_trace_that_is_recorded(traced: tuple[World, Telemetry], collector: Collector) -> None:
    world, telemetry = traced

    problem = (await world.buyer.get("/orders/nowhere")).json()
    await telemetry.close()

    assert told_of(collector, UUID(problem["trace_id"]))[1] == {problem["request_id"]}


@pytest.mark.parametrize("traced", ["not_kept"], indirect=True)
async def test_a_problem_names_no_trace_that_nobody_keeps(traced: tuple[World, Telemetry]) -> None:
    world, _ = traced

    problem = (await world.buyer.get("/orders/nowhere")).json()

    assert problem["request_id"]
    assert "trace_id" not in problem


async def test_without_telemetry_nothing_names_a_trace(fresh_database: Any) -> None:
    async with running_world(settings_for(fresh_database.cluster, fresh_database.name)) as world:
        await accepted(world)
        await put_money(world, DUE)
        problem = (await world.buyer.get("/orders/nowhere")).json()

        written = await world.database.value("SELECT count(*) FROM ledger_journals, order_events")
        named = await world.database.value("SELECT count(*) FROM traces")
        marked = await world.database.value("SELECT count(*) FROM outbox WHERE payload ? '_trace'")

    assert (named, marked) == (0, 0)
    assert written > 0
    assert "trace_id" not in problem
