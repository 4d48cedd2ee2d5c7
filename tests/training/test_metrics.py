from __future__ import annotations

import numpy as np
import pytest

from training.metrics import (
    THRESHOLDS,
    Overlap,
    area_under_roc,
    class_log_loss,
    expected_calibration_error,
    iou_by_convention,
    lenient_f1,
    overlap,
    reliability,
    sweep,
    upsampled,
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


def test_a_sweep_agrees_with_overlap_at_every_threshold() -> None:
    rng = np.random.default_rng(0)
    truth = rng.random((20, 30)) < 0.3
    manipulation = np.clip(truth * 0.3 + rng.random((20, 30)) * 0.7, 0, 1)
    expected = [overlap(manipulation > t, truth).f1 for t in THRESHOLDS]
    np.testing.assert_allclose(sweep(manipulation, truth).f1, expected)


def test_a_small_map_is_compared_at_the_size_of_the_truth() -> None:
    truth = np.zeros((40, 40), dtype=bool)
    truth[:, :20] = True
    small = np.repeat(np.array([[1.0] * 5 + [0.0] * 5], np.float32), 10, axis=0)
    assert sweep(upsampled(small, (40, 40)), truth).f1[24] == pytest.approx(1.0)


def test_ece_by_hand() -> None:
    # Two pictures at confidence 0.8, one right: |0.8 - 0.5| = 0.3 over all of them.
    probabilities = np.array([[0.8, 0.2], [0.8, 0.2]])
    assert expected_calibration_error(probabilities, np.array([0, 1])) == pytest.approx(0.3)


def test_ece_weighs_bins_by_their_pictures() -> None:
    # One bin: three at 0.9, all right (gap 0.1). Another: one at 0.6, wrong (gap 0.6).
    probabilities = np.array([[0.9, 0.1]] * 3 + [[0.6, 0.4]])
    ece = expected_calibration_error(probabilities, np.array([0, 0, 0, 1]))
    assert ece == pytest.approx((3 * 0.1 + 1 * 0.6) / 4)


def test_reliability_by_hand() -> None:
    probabilities = np.array([[0.9, 0.1]] * 2 + [[0.6, 0.4], [0.0, 1.0]])
    bins = reliability(probabilities, np.array([0, 1, 0, 1]), bins=5)
    assert bins.pictures.tolist() == [0, 0, 0, 1, 3]
    np.testing.assert_allclose(bins.confidence, [0, 0, 0, 0.6, 2.8])
    assert bins.right.tolist() == [0, 0, 0, 1, 2]


def test_a_sweep_has_precision_and_recall_by_hand() -> None:
    truth = np.array([True, True, False, False])
    found = sweep(np.array([0.9, 0.5, 0.7, 0.1]), truth)
    at = int(np.abs(THRESHOLDS - 0.6).argmin())  # claims 0.9 and 0.7, one of them true
    assert (found.claimed[at], found.hit[at], found.size) == (2, 1, 2)
    assert found.precision[at] == found.recall[at] == found.f1[at] == pytest.approx(0.5)
    assert found.precision[-1] == 1.0
    assert found.recall[-1] == 0.0


def test_class_log_loss_by_hand() -> None:
    logprobs = np.log([[0.5, 0.5, 0.0001], [0.25, 0.75, 0.0001], [0.5, 0.5, 0.0001]])
    losses = class_log_loss(logprobs, np.array([0, 0, 1]))
    assert losses[:2] == pytest.approx([(np.log(2) + np.log(4)) / 2, np.log(2)])
    assert np.isnan(losses[2])


def test_iou_under_both_conventions_by_hand() -> None:
    right, wrong, half = Overlap(0, 0, 0), Overlap(0, 5, 0), Overlap(1, 1, 0)
    one, left_out = iou_by_convention([right, wrong, half])
    assert one == pytest.approx((1 + 0 + 0.5) / 3)
    assert left_out == pytest.approx((0 + 0.5) / 2)
    assert np.isnan(iou_by_convention([right])[1])


def test_lenient_f1_leaves_the_edge_out_and_takes_the_better_of_mask_and_inverse() -> None:
    truth = np.zeros((60, 60), dtype=bool)
    truth[:, :30] = True
    near = np.zeros_like(truth)
    near[:, :28] = True  # two pixels short, within what is not judged
    assert overlap(near, truth).f1 < 1
    assert lenient_f1(near, truth) == 1.0
    assert lenient_f1(~near, truth) == 1.0


def test_lenient_f1_by_hand() -> None:
    truth = np.zeros((60, 60), dtype=bool)
    truth[:, :30] = True  # judged: 23 columns of the region (15 / 2 of 30), 25 beyond (11 / 2)
    half = np.zeros_like(truth)
    half[:30] = True
    core, judged = 23 * 60, 48 * 60
    assert lenient_f1(half, truth) == pytest.approx(2 * core / 2 / (judged / 2 + core))


def test_area_under_roc_by_hand() -> None:
    positive = np.array([True, True, False, False])
    # pairs: .9 > .5, .9 > .2, .5 = .5 (half), .5 > .2
    assert area_under_roc(positive, np.array([0.9, 0.5, 0.5, 0.2])) == pytest.approx(3.5 / 4)
