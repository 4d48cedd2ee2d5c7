"""How many samples succeeded, and how fast: the figures of the challenge template's runner."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from scoring.datasets import rank
from scoring.results import Result

P95 = 95.0  # per cent of the answers come at least as fast


@dataclass(frozen=True)
class Latency:
    """Seconds from sending a request to the last byte of the answer."""

    average: float
    median: float
    p95: float
    maximum: float

    @classmethod
    def of(cls, seconds: Sequence[float]) -> Latency | None:
        """None where nothing was answered; p95 is NumPy's, linear between two values."""
        if not seconds:
            return None
        values = np.array(seconds, dtype=np.float64)
        return cls(
            float(values.mean()),
            float(np.median(values)),
            float(np.percentile(values, P95)),
            float(values.max()),
        )


@dataclass(frozen=True)
class DataSetCount:
    """Samples of one data set: as many as were sent."""

    name: str
    category: str
    samples: int
    succeeded: int
    latency: Latency | None

    @property
    def success_rate(self) -> float:
        return self.succeeded / self.samples


@dataclass(frozen=True)
class CategoryCount:
    """A category: data sets, samples, and the mean of the data sets' success rates."""

    name: str
    datasets: int
    samples: int
    success_rate: float
    latency: Latency | None


@dataclass(frozen=True)
class Totals:
    """The whole run.

    Attributes:
        duration_s: from the first request sent to the last answer.
        unanswered: samples with no answer in time or a broken connection; their seconds are not in
            `latency`.
        repeated: inputs that were asked more than once; `unrepeatable` of them were not always
            given the same log-probabilities and mask.
    """

    datasets: tuple[DataSetCount, ...]
    categories: tuple[CategoryCount, ...]
    samples: int
    succeeded: int
    duration_s: float
    latency: Latency | None
    unanswered: int
    repeated: int
    unrepeatable: int

    @property
    def successful_datasets(self) -> int:
        """Data sets of which every sample succeeded."""
        return sum(item.succeeded == item.samples for item in self.datasets)

    @property
    def success_rate(self) -> float:
        return self.succeeded / self.samples if self.samples else 0.0

    @property
    def requests_per_second(self) -> float:
        """Answers in a second of the run."""
        return (self.samples - self.unanswered) / self.duration_s if self.duration_s else 0.0


def totals(results: Sequence[Result], duration_s: float) -> Totals:
    """Count results; data sets and categories come in the order of a table."""
    by_dataset: dict[str, list[Result]] = {}
    by_category: dict[str, list[Result]] = {}
    for item in results:
        by_dataset.setdefault(item.dataset, []).append(item)
        by_category.setdefault(item.category, []).append(item)
    datasets = [count(name, found) for name, found in by_dataset.items()]
    datasets.sort(key=lambda item: (rank(item.category), item.category, item.name))
    categories = [
        categorise(name, [item for item in datasets if item.category == name], by_category[name])
        for name in sorted(by_category, key=lambda name: (rank(name), name))
    ]
    repeated, unrepeatable = repeats(results)
    return Totals(
        tuple(datasets),
        tuple(categories),
        len(results),
        sum(item.succeeded for item in results),
        duration_s,
        latency(results),
        sum(item.status == 0 for item in results),
        repeated,
        unrepeatable,
    )


def count(name: str, results: Sequence[Result]) -> DataSetCount:
    succeeded = sum(item.succeeded for item in results)
    return DataSetCount(name, results[0].category, len(results), succeeded, latency(results))


def categorise(
    name: str, datasets: Sequence[DataSetCount], results: Sequence[Result]
) -> CategoryCount:
    mean = sum(item.success_rate for item in datasets) / len(datasets)
    return CategoryCount(name, len(datasets), len(results), mean, latency(results))


def latency(results: Iterable[Result]) -> Latency | None:
    return Latency.of([item.seconds for item in results if item.status])


def repeats(results: Sequence[Result]) -> tuple[int, int]:
    """Inputs that were answered more than once, and those of them answered differently."""
    answers: dict[str, list[tuple[tuple[float, ...], bytes | None]]] = {}
    for item in results:
        if item.logprobs and item.input_id:
            answers.setdefault(item.input_id, []).append((item.logprobs, item.mask))
    several = [found for found in answers.values() if len(found) > 1]
    return len(several), sum(len(set(found)) > 1 for found in several)
