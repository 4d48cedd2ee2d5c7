from __future__ import annotations

import numpy as np
import pytest

from detector.editscope.copymove import Copy
from detector.editscope.fusion import COPY_SHARE, LARGEST_RATIO, edited_logit, join, log_ratio

WEIGHTS = [1.0, 2.0, 0.5, -3.0]
HERE, THERE = np.zeros((40, 40), bool), np.zeros((40, 40), bool)
HERE[4:12, 4:12] = True
THERE[24:32, 24:32] = True


def pair(seam: float, resampling: float = 0.0, matches: int = 10) -> Copy:
    return Copy(HERE, THERE, matches, 0.9, 0.7, seam, resampling)


def test_the_ratio_is_the_weighted_sum_and_bounded() -> None:
    expected = np.log(10) + 2 * 0.9 + 0.5 * 0.7 - 3
    assert log_ratio(pair(0), WEIGHTS) == pytest.approx(expected)
    assert log_ratio(pair(0), [0, 0, 0, 99.0]) == LARGEST_RATIO


def test_no_pair_speaks_little_against_an_edit_and_a_sure_one_much_for_it() -> None:
    assert edited_logit([]) == pytest.approx(np.log(1 - COPY_SHARE), abs=1e-3)
    assert edited_logit([0.0]) == pytest.approx(0)
    assert edited_logit([-2.0, 6.0]) == pytest.approx(np.log(COPY_SHARE * np.exp(6) + 0.7))


def test_without_pairs_the_map_stays() -> None:
    manipulation = np.random.default_rng(0).random((20, 20)).astype(np.float32)
    np.testing.assert_array_equal(join(manipulation, [], [], [1.0, 1.0, 1.0]), manipulation)


def test_a_sure_copy_takes_the_place_of_the_map() -> None:
    manipulation = np.full((20, 20), 0.6, np.float32)
    joined = join(manipulation, [pair(seam=0.9)], [8.0], [20.0, 0.0, 0.0])
    assert joined[12:16, 12:16].min() > 0.99
    assert joined[2:6, 2:6].max() < 0.01
    assert joined[18:, 18:].max() < 0.01


def test_an_unclear_side_marks_both() -> None:
    joined = join(np.zeros((20, 20), np.float32), [pair(seam=0.0)], [8.0], [20.0, 0.0, 0.0])
    assert joined[12:16, 12:16].min() > 0.99
    assert joined[2:6, 2:6].min() > 0.99


def test_the_map_can_turn_the_pair_round() -> None:
    manipulation = np.zeros((20, 20), np.float32)
    manipulation[2:6, 2:6] = 1
    joined = join(manipulation, [pair(seam=0.1)], [8.0], [1.0, 0.0, 5.0])
    assert joined[2:6, 2:6].min() > 0.99
    assert joined[12:16, 12:16].max() < 0.1


def test_resampling_can_turn_the_pair_round() -> None:
    empty = np.zeros((20, 20), np.float32)
    joined = join(empty, [pair(seam=0.1, resampling=-0.6)], [8.0], [5.0, 10.0, 0.0])
    assert joined[2:6, 2:6].min() > 0.99
    assert joined[12:16, 12:16].max() < 0.1


def test_an_unlikely_pair_leaves_the_map_nearly_alone() -> None:
    manipulation = np.full((20, 20), 0.3, np.float32)
    joined = join(manipulation, [pair(seam=0.5)], [-6.0], [1.0, 1.0, 1.0])
    np.testing.assert_allclose(joined, manipulation, atol=0.01)
