from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from detector.evidence import VIEWS

VIEW: Any = VIEWS["gradient"]


def ramp(turns: int) -> np.ndarray:
    """Brightness rising to the right, turned by quarters."""
    rows = np.tile(np.arange(0, 250, 2, dtype=np.uint8), (125, 1))
    return np.repeat(np.rot90(rows, turns)[..., None], 3, axis=2)


def test_the_direction_is_the_colour():
    colours = [VIEW.look(ramp(turns)).image[60, 60].astype(int) for turns in range(4)]
    assert colours[0].argmax() == 0  # rising to the right is red
    for one in range(4):
        for other in range(one):
            assert np.abs(colours[one] - colours[other]).max() > 60


def test_the_slope_and_what_is_flat_are_measured(scene):
    assert VIEW.look(ramp(0)).figures["mean_slope"] == pytest.approx(2, rel=0.03)
    half = scene.copy()
    half[:256] = 90
    exhibit = VIEW.look(half)
    assert exhibit.figures["flat_share"] == pytest.approx(0.5, abs=0.02)
    assert exhibit.warnings
    assert not VIEW.look(scene).warnings
