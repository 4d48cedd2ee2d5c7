from __future__ import annotations

import numpy as np
import pytest

from training.metrics import (
    THRESHOLDS,
    expected_calibration_error,
    f1_by_threshold,
    f1_of_map,
    overlap,
)


def test_overlap_counts_by_hand() -> None:
    predicted = np.array([[1, 1, 0], [0, 0, 0]], dtype=bool)
    truth = np.array([[1, 0, 1], [1, 0, 0]], dtype=bool)
    counts = overlap(predicted, truth)
    assert counts == (1, 1, 2)
    assert counts.f1 == pytest.approx(2 / 5)
    assert counts.iou == pytest.approx(1 / 4)


def test_nothing_claimed_and_nothing_there_is_right() -> None:
    empty = np.zeros((2, 2), dtype=bool)
    assert overlap(empty, empty).f1 == 1.0
    assert overlap(empty, empty).iou == 1.0
    assert overlap(~empty, empty).f1 == 0.0


def test_f1_by_threshold_agrees_with_overlap_at_every_threshold() -> None:
    rng = np.random.default_rng(0)
    truth = rng.random((20, 30)) < 0.3
    manipulation = np.clip(truth * 0.3 + rng.random((20, 30)) * 0.7, 0, 1)
    expected = [overlap(manipulation > t, truth).f1 for t in THRESHOLDS]
    np.testing.assert_allclose(f1_by_threshold(manipulation, truth), expected)


def test_a_small_map_is_compared_at_the_size_of_the_truth() -> None:
    truth = np.zeros((40, 40), dtype=bool)
    truth[:, :20] = True
    small = np.repeat(np.array([[1.0] * 5 + [0.0] * 5], np.float32), 10, axis=0)
    assert f1_of_map(small, truth)[24] == pytest.approx(1.0)


def test_ece_by_hand() -> None:
    # Two pictures at confidence 0.8, one right: |0.8 - 0.5| = 0.3 over all of them.
    probabilities = np.array([[0.8, 0.2], [0.8, 0.2]])
    assert expected_calibration_error(probabilities, np.array([0, 1])) == pytest.approx(0.3)


def test_ece_weighs_bins_by_their_pictures() -> None:
    # One bin: three at 0.9, all right (gap 0.1). Another: one at 0.6, wrong (gap 0.6).
    probabilities = np.array([[0.9, 0.1]] * 3 + [[0.6, 0.4]])
    ece = expected_calibration_error(probabilities, np.array([0, 0, 0, 1]))
    assert ece == pytest.approx((3 * 0.1 + 1 * 0.6) / 4)
