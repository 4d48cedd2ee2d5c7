from __future__ import annotations

import numpy as np
import pytest

from tests.pictures import photo
from testsets import synthesis

PICTURE = photo(96, 128, seed=4)


@pytest.mark.parametrize("factor", [2, 4])
@pytest.mark.parametrize("size", [(96, 128), (31, 45)])
def test_decoding_keeps_the_picture_but_not_its_pixels(size: tuple[int, int], factor: int) -> None:
    picture = PICTURE[: size[0], : size[1]]
    decoded = synthesis.decode(picture, np.random.default_rng(0), factor)
    assert decoded.shape == picture.shape
    difference = np.abs(decoded.astype(int) - picture)
    assert 1 < difference.mean() < 25


def test_decoding_leaves_a_checkerboard() -> None:
    """The spectrum of what was decoded has peaks at the period of the up-sampling."""

    def peak(picture: np.ndarray) -> float:
        grey = picture.astype(float).mean(2)
        spectrum = np.abs(np.fft.fft2(grey - grey.mean()))
        around = np.median(spectrum[20:28, 28:36])
        return float(spectrum[24, 32] / around)  # a quarter of the sampling rate both ways

    decoded = synthesis.decode(PICTURE, np.random.default_rng(0), 4)
    assert peak(decoded) > 4 * peak(PICTURE)


def test_quilting_changes_the_region_alone() -> None:
    mask = np.zeros(PICTURE.shape[:2], bool)
    mask[20:70, 30:90] = True
    filled = synthesis.quilt(PICTURE, mask, np.random.default_rng(0))
    assert np.array_equal(filled[~mask], PICTURE[~mask])
    assert np.abs(filled[mask].astype(int) - PICTURE[mask]).mean() > 3
    assert abs(float(filled[mask].mean()) - float(PICTURE[~mask].mean())) < 40


@pytest.mark.parametrize("size", [(12, 15), (40, 18)])
def test_quilting_fits_small_pictures(size: tuple[int, int]) -> None:
    picture = PICTURE[: size[0], : size[1]]
    mask = np.zeros(size, bool)
    mask[2:-2, 2:-1] = True
    filled = synthesis.quilt(picture, mask, np.random.default_rng(0))
    assert np.array_equal(filled[~mask], picture[~mask])


@pytest.mark.parametrize("number", range(3))
def test_props_stand_clear_of_the_border(number: int) -> None:
    pixels, outline = synthesis.prop(0, number)
    assert pixels.shape == (*outline.shape, 3)
    assert 0.1 < outline.mean() < 0.8
    assert not outline[0].any()
    assert not outline[:, 0].any()
    assert pixels[outline].std() > 5
