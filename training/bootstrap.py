"""Bootstrap confidence intervals over pictures (Efron and Tibshirani 1993, percentile method)."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

LEVEL = 0.95  # of the intervals
Figures = Mapping[str, float]


class Interval(NamedTuple):
    low: float
    high: float


def resamples(strata: Sequence[Hashable], count: int, seed: int = 0) -> Iterator[NDArray[np.int64]]:
    """Indices of `count` resamples with replacement, each stratum keeping its size.

    Strata are the labels: a resample that lacked a class would have no balanced accuracy. Equal
    strata and seed give equal resamples, so that two models are compared on the same ones.
    """
    rng = np.random.default_rng(seed)
    members = [
        np.flatnonzero([value == stratum for value in strata]) for stratum in dict.fromkeys(strata)
    ]
    for _ in range(count):
        yield np.concatenate([rng.choice(part, part.size) for part in members])


def interval(values: Sequence[float] | NDArray[np.floating]) -> Interval | None:
    """The central `LEVEL` of the values that are finite; None if none is."""
    finite = np.asarray(values, dtype=np.float64)
    finite = finite[np.isfinite(finite)]
    if not finite.size:
        return None
    low, high = np.quantile(finite, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return Interval(float(low), float(high))


def intervals(
    figures: Callable[[NDArray[np.int64]], Figures],
    strata: Sequence[Hashable],
    count: int,
    seed: int = 0,
) -> dict[str, Interval]:
    """An interval for every figure that `figures(indices)` returns."""
    drawn: dict[str, list[float]] = {}
    for indices in resamples(strata, count, seed):
        for name, value in figures(indices).items():
            drawn.setdefault(name, []).append(value)
    found = {name: interval(values) for name, values in drawn.items()}
    return {name: value for name, value in found.items() if value is not None}
