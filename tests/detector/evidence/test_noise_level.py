from __future__ import annotations

import numpy as np
import pytest

from detector.evidence import VIEWS
from detector.evidence.noise_level import noise_levels

VIEW = VIEWS["noise_level"]


@pytest.mark.parametrize("spread", [1.0, 2.0, 5.0, 12.0])
@pytest.mark.parametrize("side", [16, 64])
def test_the_level_is_that_of_the_noise(spread, side):
    noise = np.random.default_rng(3).normal(0, spread, (512, 512))
    grey = np.rint(128 + noise).astype(np.uint8)
    levels = noise_levels(grey, side)
    assert levels.shape == (512 // side, 512 // side)
    assert np.median(levels) == pytest.approx(spread, rel=0.12)


def test_a_part_with_other_noise_is_an_island(studio):
    image = studio.scene(1024, 1024, noise=2)
    rng = np.random.default_rng(4)
    island = image[256:512, 512:768].astype(float) + rng.normal(0, 9, (256, 256, 1))
    image[256:512, 512:768] = np.clip(np.rint(island), 0, 255)
    levels = noise_levels(image[..., 1], 32)
    inside = levels[8:16, 16:24]
    outside = np.delete(levels, range(7, 17), axis=0)
    assert np.percentile(inside, 5) > np.percentile(outside, 95)
    exhibit = VIEW.look(image)
    assert exhibit.figures["high"] > 2 * exhibit.figures["median"]
    assert exhibit.chart is not None  # the colours' legend


def test_blocks_grow_with_the_picture(studio):
    sides = [VIEW.look(studio.scene(s, s)).figures["block"] for s in (200, 1024, 2048)]
    assert sides == [16, 32, 64]
