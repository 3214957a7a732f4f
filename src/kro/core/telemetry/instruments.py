"""Takes the measurements of the catalogue's metrics, and gives them to whoever reads them."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from opentelemetry.exporter.prometheus import PrometheusMetricReader
from opentelemetry.metrics import CallbackOptions, Observation
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import MetricReader, MetricsData, PeriodicExportingMetricReader, ScopeMetrics
from opentelemetry.sdk.util.instrumentation import InstrumentationScope

from kro.core.telemetry.catalogue import CATALOGUE, Kind, Metric
from kro.core.telemetry.hooks import Figure
from kro.core.telemetry.tallies import Counter, Distribution

_SCOPE: Final = "kro"
# The exporter keeps one group of metrics of each scope.
_OWN_SCOPE: Final = InstrumentationScope("kro.distributions")


class Distributions:
    """The histograms of a process."""

    def __init__(self) -> None:
        self.of: Final = {metric.name: Distribution(metric) for metric in CATALOGUE if metric.kind is Kind.HISTOGRAM}

    def beside(self, collected: MetricsData) -> MetricsData:
        """Return what the library has collected together with them."""
        told = [found for one in self.of.values() if (found := one.told()) is not None]
        ours = ScopeMetrics(_OWN_SCOPE, told, "")
        return replace(
            collected,
            resource_metrics=[
                replace(one, scope_metrics=[*one.scope_metrics, ours]) for one in collected.resource_metrics
            ],
        )


class _WithDistributions(MetricReader):
    """A reader of the library that is given our histograms too."""

    distributions: Distributions

    def _receive_metrics(self, metrics_data: MetricsData, timeout_millis: float = 10_000, **kwargs: Any) -> None:  # noqa: ANN401 - the library's signature
        super()._receive_metrics(self.distributions.beside(metrics_data), timeout_millis, **kwargs)  # type: ignore[safe-super] # of the reader that it is mixed with


class ScrapedMetrics(_WithDistributions, PrometheusMetricReader):
    """Fills a page for Prometheus when it is asked for."""


class ExportedMetrics(_WithDistributions, PeriodicExportingMetricReader):
    """Exports from time to time, in a thread of its own."""


class Instruments:
    """An instrument for each metric; a gauge is made when it is first measured."""

    def __init__(self, provider: MeterProvider, distributions: Distributions) -> None:
        self._meter = provider.get_meter(_SCOPE)
        self._distributions = distributions.of
        self._counters = {metric.name: Counter(metric) for metric in CATALOGUE if metric.kind is Kind.COUNTER}
        for name, counter in self._counters.items():
            metric = counter.metric
            self._meter.create_observable_counter(name, [counter.read], metric.unit, metric.help)
        self._gauges: dict[str, Any] = {}
        self._read: dict[str, tuple[Sequence[Observation], float]] = {}

    def add(self, metric: Metric, amount: float, labels: Mapping[str, str]) -> None:
        self._counters[metric.name].add(amount, labels)

    def observe(self, metric: Metric, value: float, labels: Mapping[str, str]) -> None:
        self._distributions[metric.name].add(value, labels)

    def put(self, metric: Metric, value: float, labels: Mapping[str, str]) -> None:
        if metric.name not in self._gauges:
            self._gauges[metric.name] = self._meter.create_gauge(metric.name, metric.unit, metric.help)
        self._gauges[metric.name].set(value, labels)

    def replace(self, metrics: Sequence[Metric], figures: Sequence[Figure], *, good_for: float) -> None:
        read_at = time.monotonic()
        for metric in metrics:
            mine = [Observation(figure.value, figure.labels) for figure in figures if figure.metric is metric]
            self._read[metric.name] = (mine, read_at + good_for)
            if metric.name not in self._gauges:
                self._gauges[metric.name] = self._meter.create_observable_gauge(
                    metric.name, [self._values_of(metric.name)], metric.unit, metric.help
                )

    def _values_of(self, name: str) -> Callable[[CallbackOptions], Iterable[Observation]]:
        """Return what answers from memory when a thread of an exporter asks."""

        def values(_: CallbackOptions) -> Iterable[Observation]:
            read, until = self._read[name]
            return read if time.monotonic() < until else ()

        return values
