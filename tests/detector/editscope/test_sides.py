from __future__ import annotations

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from detector.editscope.sides import resampling, seam
from tests.detector.editscope.copies import texture

HERE = (slice(30, 120), slice(40, 150))
THERE = (slice(150, 240), slice(260, 370))
SHIFT = np.array([[1.0, 0.0, 220.0], [0.0, 1.0, 120.0]])  # from HERE to THERE


def smooth(seed: int) -> NDArray[np.uint8]:
    return np.asarray(cv2.GaussianBlur(texture(300, 400, seed), (0, 0), 1.5), np.uint8)


def box(where: tuple[slice, slice]) -> NDArray[np.bool_]:
    mask = np.zeros((300, 400), bool)
    mask[where] = True
    return mask


def moved(luma: NDArray[np.float32], affine: NDArray[np.float64]) -> NDArray[np.float32]:
    size = luma.shape[::-1]
    return np.asarray(cv2.warpAffine(luma, affine, size, borderValue=-1000.0), np.float32)


def inverse(affine: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(cv2.invertAffineTransform(affine), np.float64)


@pytest.mark.parametrize("gain", [1.0, 0.85])
@pytest.mark.parametrize("seed", range(4))
def test_the_border_of_a_copy_is_steep(seed: int, gain: float) -> None:
    gray = smooth(seed)
    gray[THERE] = gain * gray[HERE]
    luma = gray.astype(np.float32)
    assert seam(luma, moved(luma, SHIFT), box(THERE)) > 0.1
    assert seam(luma, moved(luma, inverse(SHIFT)), box(HERE)) < -0.1


def test_a_region_known_too_small_or_too_large_is_put_right() -> None:
    gray = smooth(9)
    gray[THERE] = gray[HERE]
    luma = gray.astype(np.float32)
    exact = seam(luma, moved(luma, SHIFT), box(THERE))
    for margin in (-5, 5):
        rough = box((slice(150 - margin, 240 + margin), slice(260 - margin, 370 + margin)))
        assert seam(luma, moved(luma, SHIFT), rough) == pytest.approx(exact, abs=0.1)


def test_a_picture_that_goes_on_all_round_has_no_seam() -> None:
    """The same everywhere: the border of what is alike is the border of what is known."""
    luma = np.tile(smooth(1)[:60, :80], (5, 5)).astype(np.float32)
    same = np.array([[1.0, 0.0, 80.0], [0.0, 1.0, 60.0]])
    region = np.zeros(luma.shape, bool)
    region[100:200, 150:250] = True
    assert seam(luma, moved(luma, same), region) == 0.0


@pytest.mark.parametrize(("angle", "scale"), [(15, 1.0), (0, 1.3), (-8, 0.8)])
def test_what_was_interpolated_is_the_copy(angle: float, scale: float) -> None:
    gray = texture(300, 400, 2)
    turn = np.asarray(cv2.getRotationMatrix2D((95, 75), angle, scale), np.float64)
    turn[:, 2] += (200, 120)
    patch = box(HERE).astype(np.uint8)
    copy = cv2.warpAffine(patch, turn, (400, 300)) > 0
    gray[copy] = cv2.warpAffine(gray, turn, (400, 300))[copy]
    luma = gray.astype(np.float32)
    assert resampling(luma, turn, box(HERE), copy) > 0.3
    assert resampling(luma, inverse(turn), copy, box(HERE)) < -0.3


def test_what_was_only_moved_was_not_interpolated() -> None:
    gray = texture(300, 400, 3)
    gray[THERE] = gray[HERE]
    found = resampling(gray.astype(np.float32), SHIFT, box(HERE), box(THERE))
    assert found == pytest.approx(0, abs=1e-3)


def test_regions_at_the_rim_and_of_a_pixel_are_measured() -> None:
    luma = texture(64, 64, 4).astype(np.float32)
    shift = np.array([[1.0, 0.0, 40.0], [0.0, 1.0, 0.0]])
    for rows, columns in ((slice(0, 64), slice(0, 20)), (slice(5, 6), slice(5, 6))):
        source, target = np.zeros((2, 64, 64), bool)
        source[rows, columns] = True
        target[rows, columns.start + 40 : columns.stop + 40] = True
        assert np.isfinite(seam(luma, moved(luma, shift), target))
        assert np.isfinite(resampling(luma, shift, source, target))
