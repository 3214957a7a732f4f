"""What is added up here is what the library would have added up, and every place that measures names the labels."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final

from opentelemetry.metrics import CallbackOptions
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader

import kro
from kro.core.telemetry import catalogue
from kro.core.telemetry.catalogue import HTTP_REQUESTS, LOOP_LAG, OUTBOX_TRIES
from kro.core.telemetry.tallies import _BUCKETS, _MOST, Counter, Distribution

VALUES: Final = (0.0, 0.005, 0.0050001, 0.3, 1, 29.9, 30, 31)
LABELS: Final = {"method": "GET", "route": "/x", "status": "2xx"}
MEASURES: Final = {"add", "observe", "put"}


def of_the_library(values: tuple[float, ...]) -> Any:
    reader = InMemoryMetricReader()
    provider = MeterProvider([reader], shutdown_on_exit=False)
    histogram = provider.get_meter("x").create_histogram("x", explicit_bucket_boundaries_advisory=_BUCKETS)
    for value in values:
        histogram.record(value, LABELS)
    data: Any = reader.get_metrics_data()
    provider.shutdown()
    [point] = data.resource_metrics[0].scope_metrics[0].metrics[0].data.data_points
    return point


def points(distribution: Distribution) -> list[Any]:
    told = distribution.told()
    return [] if told is None else list(told.data.data_points)


def test_a_distribution_is_the_librarys() -> None:
    distribution = Distribution(HTTP_REQUESTS)
    for value in VALUES:
        distribution.add(value, LABELS)

    [ours], theirs = points(distribution), of_the_library(VALUES)

    for name in ("attributes", "count", "sum", "bucket_counts", "explicit_bounds", "min", "max"):
        assert getattr(ours, name) == getattr(theirs, name), name


def test_nothing_measured_is_nothing_told() -> None:
    assert Distribution(LOOP_LAG).told() is None


def test_each_set_of_labels_is_a_series_in_whatever_order_they_are_named() -> None:
    distribution = Distribution(HTTP_REQUESTS)
    distribution.add(1, LABELS)
    distribution.add(1, dict(reversed(LABELS.items())))
    distribution.add(1, {**LABELS, "status": "5xx"})

    assert {(one.attributes["status"], one.count) for one in points(distribution)} == {("2xx", 2), ("5xx", 1)}


def test_threads_lose_nothing() -> None:
    counter, distribution = Counter(OUTBOX_TRIES), Distribution(LOOP_LAG)

    def work(_: int) -> None:
        for _ in range(2_000):
            counter.add(1, {"topic": "sms", "outcome": "done"})
            distribution.add(0.2, {})

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(work, range(4)))

    assert [one.value for one in counter.read(CallbackOptions())] == [8_000]
    assert [one.count for one in points(distribution)] == [8_000]


def test_labels_without_end_are_added_up_under_one_name() -> None:
    counter = Counter(OUTBOX_TRIES)
    for number in range(_MOST + 50):
        counter.add(1, {"topic": str(number), "outcome": "done"})

    told = {one.attributes["topic"]: one.value for one in counter.read(CallbackOptions()) if one.attributes}
    assert len(told) == _MOST + 1
    assert told["other"] == 50


def measured() -> Iterator[tuple[str, str, set[str]]]:
    """Yield every place that measures: where, the metric's name in the catalogue, and the labels."""
    for file in Path(kro.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
                continue
            if node.func.attr in MEASURES and isinstance(node.func.value, ast.Name) and node.func.value.id == "hooks":
                metric = ast.unparse(node.args[0])
                yield f"{file.stem}:{node.lineno}", metric, {str(one.arg) for one in node.keywords}


def test_every_measurement_names_the_labels_of_its_metric() -> None:
    places = list(measured())

    assert len(places) > 15
    assert [place for place in places if place[2] != set(getattr(catalogue, place[1]).labels)] == []
