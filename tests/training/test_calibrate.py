from __future__ import annotations

import numpy as np
import pytest
from scipy.special import softmax

from training.calibrate import TIE, benefit_of_doubt, fit


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


def test_the_benefit_of_the_doubt_allows_so_many_false_alarms_and_no_more() -> None:
    margins = np.array([3.0, 2.0, 1.0, 0.5, -1.0])  # by which another label beats Natural
    scores = np.zeros((6, 4))
    scores[:5, 2] = margins
    scores[5, 1] = 9.0
    labels = np.array([0, 0, 0, 0, 0, 1])
    for most, beaten in ((0.0, 3.0), (0.2, 2.0), (0.4, 1.0), (0.6, 0.5), (1.0, None)):
        doubt = benefit_of_doubt(scores, labels, most)
        assert doubt == (0 if beaten is None else beaten + TIE)
        raised = scores[:5] + np.array([doubt, 0, 0, 0])
        assert (raised.argmax(1) != 0).mean() <= most
