from __future__ import annotations

from typing import Any

import numpy as np

from detector.evidence import VIEWS

VIEW: Any = VIEWS["chroma"]


def test_brightness_is_taken_away_and_colour_kept():
    image = np.full((64, 128, 3), 100, np.uint8)
    image[:, 32:64] = 200  # brighter, still grey
    image[:, 64:96] = (112, 98, 96)  # as bright as the first, reddish
    shown = VIEW.look(image).image.astype(int)
    np.testing.assert_array_equal(shown[10, 10], shown[10, 40])
    assert shown[10, 70, 0] > shown[10, 10, 0] + 40


def test_a_grey_picture_is_said_to_be_grey(scene):
    grey = np.repeat(scene[..., :1], 3, axis=2)
    assert VIEW.look(grey).warnings
    assert VIEW.look(grey).figures["mean_colour"] < 0.5
    assert not VIEW.look(scene).warnings


def test_colour_noise_is_measured(studio):
    faint, strong = (VIEW.look(studio.scene(noise=n)).figures for n in (2, 12))
    assert strong["noise_cb"] > 2 * faint["noise_cb"]
