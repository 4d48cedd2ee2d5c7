from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from detector.evidence import VIEWS

VIEW: Any = VIEWS["bit_planes"]


@pytest.mark.parametrize("plane", range(8))
def test_one_digit_is_shown(plane):
    image = np.arange(256, dtype=np.uint8).reshape(16, 16, 1).repeat(3, axis=2)
    shown = VIEW.look(image, b"", plane).image
    np.testing.assert_array_equal(shown == 255, (image >> plane & 1).astype(bool))
    np.testing.assert_array_equal(np.unique(shown), [0, 255])


def test_hidden_shapes_are_seen_and_grain_is_not(scene):
    hidden = scene & 0xFE
    hidden[100:200, 100:300] |= 1
    assert VIEW.look(hidden).figures["neighbours_alike"] > 0.95
    assert VIEW.look(hidden).warnings
    assert VIEW.look(hidden).image[150, 200].tolist() == [255, 255, 255]
    assert VIEW.look(scene).figures["neighbours_alike"] == pytest.approx(0.5, abs=0.02)
