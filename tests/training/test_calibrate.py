from __future__ import annotations

import numpy as np
import pytest
from scipy.special import softmax

from training.calibrate import cautious, fit, mask_scores
from training.metrics import THRESHOLDS


def drawn(count: int, temperature: float) -> tuple[np.ndarray, np.ndarray]:
    """Logits that are `temperature` times too sure of labels drawn from their softmax."""
    rng = np.random.default_rng(0)
    honest = rng.normal(0, 2, (count, 4))
    labels = np.array([rng.choice(4, p=row) for row in softmax(honest, axis=1)])
    return honest * temperature, labels


def test_fit_finds_the_temperature_that_made_the_logits_overconfident() -> None:
    logits, labels = drawn(4000, temperature=3.0)
    temperature, offsets = fit(logits, labels)
    assert abs(temperature - 3.0) < 0.3
    assert np.abs(offsets).max() < 0.15


def test_offsets_undo_a_class_that_scores_too_high() -> None:
    logits, labels = drawn(4000, temperature=1.0)
    logits[:, 2] += 1.5
    _, offsets = fit(logits, labels)
    assert offsets.argmin() == 2
    assert abs(offsets.sum()) < 1e-6


def test_evidence_is_taken_as_it_is() -> None:
    logits, labels = drawn(4000, temperature=3.0)
    evidence = np.random.default_rng(1).normal(0, 2, logits.shape)
    without, _ = fit(logits, labels)
    given, _ = fit(logits - 3.0 * evidence, labels, evidence)
    assert given == pytest.approx(without, rel=0.05)


def test_no_more_false_alarms_than_allowed() -> None:
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 4, 400)
    scores = rng.normal(0, 1, (400, 4)) + 0.8 * np.eye(4)[labels]
    accused = []
    for most in (0.02, 0.1, 0.3, 1.0):
        chosen = (scores + cautious(scores, labels, most)).argmax(1)
        accused.append((chosen[labels == 0] != 0).mean())
        assert accused[-1] <= most
    assert accused == sorted(accused)


def test_a_share_that_no_offsets_reach_is_refused() -> None:
    scores = np.zeros((4, 4))
    scores[:, 1] = 9.0  # beyond the grid
    with pytest.raises(ValueError, match=r"More than 0\.0% of Natural"):
        cautious(scores, np.arange(4), 0.0)


def test_caution_is_paid_by_the_label_that_accuses() -> None:
    """Photographs are taken for label 1 alone: the others keep their recall."""
    labels = np.arange(400) % 4
    scores = 4.0 * np.eye(4)[labels]
    scores[labels == 0, 1] += np.linspace(0, 5, 100)
    scores[labels == 2, 2] -= 3.5
    offsets = cautious(scores, labels, 0.02)
    assert offsets[1] < -0.5
    assert offsets[2] > -0.5
    found = (scores + offsets).argmax(1)
    assert (found[labels == 0] == 0).mean() >= 0.98
    assert (found[labels == 2] == 2).mean() == 1


def test_masks_are_scored_as_they_are_answered() -> None:
    """The weaker island is not in the mask, though it is above the threshold."""
    truth = np.zeros((80, 80), dtype=bool)
    truth[8:32, 8:32] = True
    manipulation = np.zeros((20, 20), np.float32)
    manipulation[2:8, 2:8] = 0.9
    manipulation[12:18, 12:18] = 0.5
    scores = mask_scores(manipulation, truth)
    np.testing.assert_allclose(scores[(THRESHOLDS > 0.4) & (THRESHOLDS < 0.5)], 1.0, atol=0.08)
    assert scores[THRESHOLDS > 0.91].max() == 0
