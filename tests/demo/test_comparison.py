"""Pairs with a known relation: what was changed is found, what compression changes is not."""

from __future__ import annotations

import io

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from skimage import data

from demo.alignment import align
from demo.comparison import Comparison, compare

Pixels = NDArray[np.uint8]


@pytest.fixture(scope="module")
def cat() -> Pixels:
    return np.asarray(data.chelsea())


@pytest.fixture(scope="module")
def coffee() -> Pixels:
    return np.asarray(data.coffee())


def jpeg(pixels: Pixels, quality: int) -> Pixels:
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "JPEG", quality=quality)
    with Image.open(buffer) as image:
        return np.asarray(image)


def scaled(pixels: Pixels, factor: float) -> Pixels:
    size = round(pixels.shape[1] * factor), round(pixels.shape[0] * factor)
    return np.asarray(Image.fromarray(pixels).resize(size, Image.Resampling.LANCZOS))


def edited(pixels: Pixels) -> tuple[Pixels, NDArray[np.bool_]]:
    """A patch of the picture pasted elsewhere in it, and where."""
    changed, mask = pixels.copy(), np.zeros(pixels.shape[:2], bool)
    changed[100:150, 200:270] = pixels[200:250, 20:90]
    mask[100:150, 200:270] = True
    return changed, mask


def compared(first: Pixels, second: Pixels) -> Comparison:
    comparison = compare(first, second)
    assert comparison is not None
    return comparison


def overlap(found: NDArray[np.bool_], true: NDArray[np.bool_]) -> float:
    return float((found & true).sum() / (found | true).sum())


def test_a_copy_is_identical(cat):
    comparison = compared(cat, cat.copy())
    assert comparison.identical
    assert comparison.share == 0
    assert comparison.regions == []


def test_one_pixel_of_a_lossless_copy_counts(cat):
    changed = cat.copy()
    changed[120, 45, 1] ^= 1
    comparison = compared(cat, changed)
    assert comparison.exact
    assert not comparison.identical
    assert np.argwhere(comparison.changed).tolist() == [[120, 45]]
    top, left, bottom, right = comparison.regions[0].box
    assert (top, bottom) == pytest.approx((120 / 300, 121 / 300))
    assert (left, right) == pytest.approx((45 / 451, 46 / 451))


@pytest.mark.parametrize("quality", [95, 75, 50])
def test_compression_is_no_change(cat, coffee, quality):
    for picture in (cat, coffee):
        comparison = compared(picture, jpeg(picture, quality))
        assert comparison.difference.any()
        assert comparison.share < 5e-4


@pytest.mark.parametrize("quality", [None, 85, 50])
def test_an_edit_is_found_where_it_is(cat, quality):
    changed, mask = edited(cat)
    comparison = compared(cat, changed if quality is None else jpeg(changed, quality))
    assert overlap(comparison.changed, mask) > 0.75
    assert len(comparison.regions) == 1
    assert comparison.share == pytest.approx(mask.mean(), rel=0.25)


def test_a_scaled_copy_is_aligned_by_its_size(coffee):
    for factor in (0.62, 1.5):
        comparison = compared(coffee, jpeg(scaled(coffee, factor), 80))
        assert comparison.alignment.even
        assert comparison.alignment.scale == pytest.approx(factor, rel=0.005)
        assert comparison.share < 5e-4
        assert max(comparison.second.shape[:2]) <= 600  # enlarging adds nothing to compare


def test_an_edit_is_found_in_a_cropped_scaled_compressed_copy(cat):
    changed, mask = edited(cat)
    box = np.s_[30:280, 40:430]
    suspect = jpeg(scaled(changed[box], 0.8), 85)
    comparison = compared(cat, suspect)
    alignment = comparison.alignment
    assert not alignment.even
    assert alignment.scale == pytest.approx(0.8, rel=0.01)
    assert alignment.kept == pytest.approx(250 * 390 / (300 * 451), rel=0.02)
    assert alignment.covered > 0.98
    true = np.asarray(Image.fromarray(mask[box]).resize(suspect.shape[1::-1]))
    assert overlap(comparison.changed, true) > 0.7


def test_a_corner_of_the_first_is_found_where_it_is(coffee):
    alignment = align(coffee, coffee[100:300, 200:500])
    assert alignment is not None
    x, y, w = alignment.matrix @ (200.0, 100.0, 1.0)
    assert (x / w, y / w) == pytest.approx((0, 0), abs=0.5)


@pytest.mark.parametrize("way", ["mirrored", "turned", "slanted"])
def test_a_copy_is_aligned_however_it_lies(coffee, way):
    height, width = coffee.shape[:2]
    if way == "mirrored":
        moved = coffee[:, ::-1].copy()
    elif way == "turned":
        moved = np.rot90(coffee).copy()
    else:
        corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
        there = np.array(
            [[20, 25], [width - 30, 0], [width, height - 10], [10, height - 30]], np.float32
        )
        matrix = cv2.getPerspectiveTransform(corners, there)
        moved = cv2.warpPerspective(coffee, matrix, (width, height))
    comparison = compared(coffee, moved)
    assert comparison.share < 2e-3
    assert np.linalg.det(comparison.alignment.linear) * (-1 if way == "mirrored" else 1) > 0


def test_brightness_is_taken_out_and_told(cat):
    brighter = np.clip(cat * 1.15 + 10, 0, 255).astype(np.uint8)
    comparison = compared(cat, jpeg(brighter, 90))
    assert comparison.toned
    assert comparison.share < 2e-3
    assert not compared(cat, jpeg(cat, 90)).toned


def test_what_is_unrelated_is_not_aligned(cat, coffee):
    noise = np.random.default_rng(0).integers(0, 256, (2, 200, 300, 3), dtype=np.uint8)
    assert compare(cat, coffee) is None
    assert compare(cat, coffee[:300, :451].copy()) is None
    assert compare(noise[0], noise[1]) is None


def test_pictures_without_detail_are_compared_if_they_are_alike():
    grey = np.full((40, 60, 3), 90, np.uint8)
    assert compared(grey, grey.copy()).identical
    assert compare(grey, np.full((40, 60, 3), 250, np.uint8)) is None
    assert compare(grey, np.full((60, 40, 3), 90, np.uint8)) is None


def test_extreme_sizes_are_answered(cat):
    assert compared(cat[:1, :1].copy(), cat[:1, :1].copy()).identical
    assert compare(cat[:1].copy(), cat[:, :1].copy()) is None
    assert compared(cat[:1].copy(), cat[:1].copy()).identical


def test_large_pictures_are_compared_at_a_bounded_size(cat):
    large = scaled(cat, 8)
    changed = large.copy()
    changed[400:800, 400:800] = 0
    comparison = compared(large, jpeg(changed, 85))
    assert comparison.second[..., 0].size <= 6_010_000
    assert comparison.share == pytest.approx(400 * 400 / (large.shape[0] * large.shape[1]), rel=0.1)
