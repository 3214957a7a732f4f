"""What requests measure, added up here: the library's own instruments take longer than the rest of telemetry together.

For each of its readers it copies and sorts the labels of every single measurement. A counter of ours is read by the
library when it collects; histograms that could be read it has none, so those go to its readers as finished data.
"""

from __future__ import annotations

import time
from bisect import bisect_left
from collections.abc import Callable, Iterable, Mapping
from operator import itemgetter
from threading import Lock
from typing import Final, Generic, TypeVar

from opentelemetry.metrics import CallbackOptions, Observation
from opentelemetry.sdk.metrics.export import AggregationTemporality, Histogram, HistogramDataPoint
from opentelemetry.sdk.metrics.export import Metric as Told

from kro.core.telemetry.catalogue import Metric

_BUCKETS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
_MOST: Final = 2000
"""Series of one metric, as many as the library would keep; what is more is added up under ``other``."""
_OTHER: Final = "other"


class _Count:
    """One series of a counter."""

    __slots__ = ("labels", "total")

    def __init__(self, labels: Mapping[str, str]) -> None:
        self.labels = labels
        self.total = 0.0

    def add(self, value: float) -> None:
        self.total += value


class _Spread:
    """One series of a histogram."""

    __slots__ = ("buckets", "labels", "least", "most", "total")

    def __init__(self, labels: Mapping[str, str]) -> None:
        self.labels = labels
        self.buckets = [0] * (len(_BUCKETS) + 1)
        self.total = 0.0
        self.least, self.most = float("inf"), float("-inf")

    def add(self, value: float) -> None:
        self.buckets[bisect_left(_BUCKETS, value)] += 1
        self.total += value
        self.least = min(self.least, value)
        self.most = max(self.most, value)


S = TypeVar("S", bound=_Count | _Spread)


class _Tally(Generic[S]):
    """One metric, a series for each set of labels; any thread may add to it."""

    def __init__(self, metric: Metric, kind: Callable[[Mapping[str, str]], S]) -> None:
        self.metric = metric
        self._kind = kind
        self._key: Callable[[Mapping[str, str]], object] = itemgetter(*metric.labels) if metric.labels else _nothing
        self._series: dict[object, S] = {}
        self._lock = Lock()

    def add(self, value: float, labels: Mapping[str, str]) -> None:
        """Take a measurement.

        :raises KeyError: when one of the metric's labels is not there.
        """
        key = self._key(labels)
        with self._lock:
            series = self._series.get(key)
            if series is None:
                series = self._begin(key, labels)
            series.add(value)

    def _begin(self, key: object, labels: Mapping[str, str]) -> S:
        if len(self._series) >= _MOST:
            labels = dict.fromkeys(self.metric.labels, _OTHER)
            key = self._key(labels)
        return self._series.setdefault(key, self._kind(dict(labels)))


class Counter(_Tally[_Count]):
    """How often something happened."""

    def __init__(self, metric: Metric) -> None:
        super().__init__(metric, _Count)

    def read(self, _: CallbackOptions) -> Iterable[Observation]:
        """Return the sums so far, for the library's observable counter."""
        with self._lock:
            return [Observation(one.total, one.labels) for one in self._series.values()]


class Distribution(_Tally[_Spread]):
    """How long something took."""

    def __init__(self, metric: Metric) -> None:
        super().__init__(metric, _Spread)
        self._began = time.time_ns()

    def told(self) -> Told | None:
        """Return everything so far, or nothing when nothing was measured."""
        now = time.time_ns()
        with self._lock:
            points = [
                HistogramDataPoint(
                    attributes=one.labels,
                    start_time_unix_nano=self._began,
                    time_unix_nano=now,
                    count=sum(one.buckets),
                    sum=one.total,
                    bucket_counts=tuple(one.buckets),
                    explicit_bounds=_BUCKETS,
                    min=one.least,
                    max=one.most,
                )
                for one in self._series.values()
            ]
        metric = self.metric
        data = Histogram(points, AggregationTemporality.CUMULATIVE)
        return Told(metric.name, metric.help, metric.unit, data) if points else None


def _nothing(_: Mapping[str, str]) -> object:
    return ()
