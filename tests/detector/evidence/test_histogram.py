from __future__ import annotations

import numpy as np

from detector.evidence import VIEWS

VIEW = VIEWS["histogram"]


def test_stretched_contrast_leaves_gaps(scene):
    stretched = np.clip(np.rint((scene.astype(float) - 60) * 1.4), 0, 255).astype(np.uint8)
    for name in ("red", "green", "blue"):
        assert VIEW.look(scene).figures[f"gaps_{name}"] == 0
        assert VIEW.look(stretched).figures[f"gaps_{name}"] > 20


def test_black_and_white_are_counted():
    image = np.full((200, 200, 3), 255, np.uint8)
    image[:50] = 0
    assert "25.0 % of the pixels are black, 75.0 % white" in VIEW.look(image).caption


def test_a_small_picture_is_warned_of(scene):
    assert VIEW.look(scene[:100, :100]).warnings
    assert not VIEW.look(scene).warnings
