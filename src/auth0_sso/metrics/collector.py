"""What a scrape reads: the numbers of all segments, as metric families of prometheus_client."""

import math
import platform
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from importlib.metadata import version
from itertools import accumulate
from typing import Final, cast

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector
from prometheus_client.samples import Sample
from prometheus_client.utils import floatToGoString

from auth0_sso.metrics import families
from auth0_sso.metrics.families import Family, Merge
from auth0_sso.metrics.processes import process_info
from auth0_sso.metrics.segment import Segment

Values = dict[tuple[str, ...], list[float]]
"""The numbers of each series, by its labels."""

_MERGED: Final[Mapping[Merge, Callable[[list[float], list[float]], list[float]]]] = {
    "sum": lambda one, other: [a + b for a, b in zip(one, other, strict=True)],
    "min": min,
    "max": max,
    "latest": lambda one, other: max(one, other, key=lambda each: each[1]),
}


class SegmentsCollector(Collector):
    """The metrics of all processes together: counters of each that ever counted, gauges of those that run."""

    def __init__(self, segments: Callable[[], Sequence[Segment]]) -> None:
        """Take what returns the segments at a scrape."""
        self._segments = segments

    def describe(self) -> Iterator[Metric]:
        """Yield the families without values, so that a registry can refuse names that it has already."""
        for family in families.COUNTED:
            yield _metric(family, {})

    def collect(self) -> Iterator[Metric]:
        """Yield the families that have values."""
        values = _merge(self._segments())
        for family in families.COUNTED:
            if family.name in values:
                yield _metric(family, values[family.name])


class ProcessesCollector(Collector):
    """The processes that run, and the version."""

    def __init__(self, segments: Callable[[], Sequence[Segment]]) -> None:
        """Take what returns the segments of the processes at a scrape."""
        self._segments = segments
        self._build = _metric(families.BUILD_INFO, {(version("auth0-sso"), platform.python_version()): [1.0]})

    def collect(self) -> Iterator[Metric]:
        """Yield the families."""
        yield self._build
        found: dict[Family, Values] = defaultdict(dict)
        for segment in self._segments():
            info = process_info(segment.pid) if segment.pid else None
            if info is not None:
                name = (segment.name,)
                found[families.CPU_SECONDS][name] = [info.cpu_seconds]
                found[families.MEMORY_BYTES][name] = [info.memory_bytes]
                found[families.OPEN_FDS][name] = [info.open_fds]
                found[families.MAX_FDS][name] = [info.max_fds]
                found[families.START_TIME][name] = [info.started_at]
        for family, values in found.items():
            yield _metric(family, values)


def _merge(segments: Sequence[Segment]) -> dict[str, Values]:
    merged: dict[str, Values] = defaultdict(dict)
    for segment in segments:
        is_running = segment.pid != 0
        for series in segment.series():
            family = series.family
            numbers = cast("list[float]", segment.numbers[series.at : series.at + family.width].tolist())
            if family.kind == "gauge" and (not is_running or math.isnan(numbers[0])):
                continue
            values = merged[family.name]
            before = values.get(series.labels)
            values[series.labels] = numbers if before is None else _MERGED[family.merge](before, numbers)
    return merged


def _metric(family: Family, values: Values) -> Metric:
    if family.kind == "histogram":
        histogram = HistogramMetricFamily(family.name, family.help, labels=family.labels)
        bounds = [*map(floatToGoString, family.buckets), "+Inf"]
        for labels, numbers in sorted(values.items()):
            buckets = list(zip(bounds, accumulate(numbers[:-1]), strict=True))
            histogram.add_metric(labels, buckets, numbers[-1])
        return histogram
    kind = CounterMetricFamily if family.kind == "counter" else GaugeMetricFamily
    metric = kind(family.name, family.help, labels=family.labels)
    for labels, numbers in sorted(values.items()):
        metric.add_metric(labels, numbers[0])
    metric.samples = [_without_empty_labels(sample) for sample in metric.samples]
    return metric


def _without_empty_labels(sample: Sample) -> Sample:
    """To Prometheus a label that is empty and one that is missing are the same (Prometheus: data model)."""
    return sample._replace(labels={name: value for name, value in sample.labels.items() if value})
