from __future__ import annotations

import numpy as np
from scipy.special import softmax

from training.calibrate import fit


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
