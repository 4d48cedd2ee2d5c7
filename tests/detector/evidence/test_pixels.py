from __future__ import annotations

import numpy as np
import pytest

from detector.evidence import pixels
from detector.evidence.pixels import blocks, centre, luma, reduced, reduction, strips


@pytest.mark.parametrize("shape", [(1, 1), (1, 5000), (5000, 1), (1601, 900), (333, 4000)])
def test_strips_reduced_make_the_whole_reduced(shape, monkeypatch):
    monkeypatch.setattr(pixels, "STRIP_PIXELS", 50_000)
    image = np.random.default_rng(0).integers(0, 256, (*shape, 3), dtype=np.uint8)
    factor = reduction(image)
    whole = reduced(image, factor)
    assert max(whole.shape) <= pixels.MAX_SIDE
    parts = [reduced(strip, factor) for strip in strips(image, factor)]
    np.testing.assert_array_equal(np.concatenate(parts), whole)


def test_the_middle_lies_on_the_grid_and_is_bounded():
    image = np.arange(401 * 603).reshape(401, 603, 1).repeat(3, axis=2).astype(np.uint8)
    middle = centre(image, 40_000)
    assert 30_000 < middle.shape[0] * middle.shape[1] <= 40_000
    start = (middle.__array_interface__["data"][0] - image.__array_interface__["data"][0]) // 3
    assert (start // 603 % 8, start % 603 % 8) == (0, 0)
    assert centre(image, 10**6) is image


def test_a_strip_of_one_row_has_a_middle():
    assert centre(np.zeros((1, 5000, 3), np.uint8), 100).shape[:2] == (1, 100)


def test_blocks_are_those_of_the_grid_and_few_enough():
    grey = np.random.default_rng(0).integers(0, 256, (830, 1000), dtype=np.uint8)
    cut, stride = blocks(grey, 100_000)
    assert (cut.shape, stride) == ((103, 125, 8, 8), 1)
    np.testing.assert_array_equal(cut[2, 3], grey[16:24, 24:32])
    few, stride = blocks(grey, 1000)
    assert stride == 4
    np.testing.assert_array_equal(few[1, 2], grey[32:40, 64:72])
    assert blocks(grey[:7], 1000)[0].size == 0


def test_brightness_is_that_of_jpeg():
    colours = np.array([[(255, 0, 0), (0, 255, 0), (0, 0, 255)]], np.uint8)
    assert luma(colours).tolist() == [[76, 150, 29]]
