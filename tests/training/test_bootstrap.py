from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from training.bootstrap import interval, intervals, resamples


def test_every_stratum_keeps_its_size() -> None:
    strata = ["a", "b", "a", "a", "b"]
    for indices in resamples(strata, 20):
        drawn = [strata[i] for i in indices]
        assert (drawn.count("a"), drawn.count("b")) == (3, 2)


def test_resamples_are_seeded() -> None:
    first, again, other = (list(resamples([0] * 9, 5, seed)) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)


def test_interval_by_hand() -> None:
    assert interval(np.arange(101.0)) == pytest.approx((2.5, 97.5))
    assert interval([np.nan, 1.0, 1.0]) == (1.0, 1.0)
    assert interval([np.nan]) is None


def test_intervals_agree_with_scipy_where_there_is_one_stratum() -> None:
    values = np.random.default_rng(0).normal(3, 1, 60)
    found = intervals(lambda i: {"mean": values[i].mean()}, [0] * 60, 3000)["mean"]
    expected = stats.bootstrap(
        (values,), np.mean, n_resamples=3000, method="percentile", rng=np.random.default_rng(1)
    ).confidence_interval
    assert found == pytest.approx((expected.low, expected.high), abs=0.03)


def test_a_figure_that_some_resamples_lack_has_the_interval_of_the_others() -> None:
    def figures(indices: np.ndarray) -> dict[str, float]:
        return {"first": 1.0} if 0 in indices else {"other": 2.0}

    found = intervals(figures, [0, 0, 0], 50)
    assert found == {"first": (1.0, 1.0), "other": (2.0, 2.0)}
