from __future__ import annotations

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from detector.editscope.copymove import SIDE, find_copies
from tests.detector.editscope.copies import coloured, texture


def f1(found: NDArray[np.bool_], truth: NDArray[np.bool_]) -> float:
    return float(2 * (found & truth).sum() / (found.sum() + truth.sum()))


def box(shape: tuple[int, int], rows: slice, columns: slice) -> NDArray[np.bool_]:
    mask = np.zeros(shape, bool)
    mask[rows, columns] = True
    return mask


def test_a_copied_patch_is_found_with_its_source() -> None:
    gray = texture(300, 400, seed=0)
    gray[150:240, 260:370] = gray[30:120, 40:150]
    (pair,) = find_copies(coloured(gray))
    there = box(gray.shape, slice(150, 240), slice(260, 370))
    here = box(gray.shape, slice(30, 120), slice(40, 150))
    either = (f1(pair.target, there), f1(pair.target, here))
    assert max(either) > 0.9
    assert f1(pair.target | pair.source, there | here) > 0.9
    assert pair.matches > 20
    assert pair.correlation > 0.9


def test_the_side_with_the_seam_is_the_copy() -> None:
    right = []
    for seed in range(8):
        smooth = np.asarray(cv2.GaussianBlur(texture(300, 400, seed), (0, 0), 1.5), np.uint8)
        smooth[150:240, 260:370] = smooth[30:120, 40:150]
        (pair,) = find_copies(coloured(smooth))
        right.append(f1(pair.target, box(smooth.shape, slice(150, 240), slice(260, 370))) > 0.5)
    assert sum(right) >= 7


def test_what_only_looks_the_same_has_a_fine_structure_of_its_own() -> None:
    gray = np.asarray(cv2.GaussianBlur(texture(300, 400, seed=1), (0, 0), 2.0), np.float32)
    gray[150:240, 260:370] = gray[30:120, 40:150]
    noise = np.random.default_rng(0).normal(0, 4, gray.shape).astype(np.float32)
    twice = np.clip(gray + noise, 0, 255).astype(np.uint8)
    noise[150:240, 260:370] = noise[30:120, 40:150]
    copied = np.clip(gray + noise, 0, 255).astype(np.uint8)
    (alike,), (copy,) = find_copies(coloured(twice)), find_copies(coloured(copied))
    assert copy.fine > 0.9
    assert alike.fine < 0.5


def test_a_turned_and_enlarged_copy_is_found_after_jpeg() -> None:
    gray = texture(400, 600, seed=3)
    turn = cv2.getRotationMatrix2D((120, 120), 20, 1.2)
    turn[:, 2] += [280, 120]
    patch = box(gray.shape, slice(70, 170), slice(70, 170)).astype(np.uint8)
    moved = cv2.warpAffine(gray, turn, (600, 400))
    mask = cv2.warpAffine(patch, turn, (600, 400)) > 0
    gray[mask] = moved[mask]
    jpeg = cv2.imencode(".jpg", gray, [cv2.IMWRITE_JPEG_QUALITY, 85])[1]
    pairs = find_copies(coloured(np.asarray(cv2.imdecode(jpeg, cv2.IMREAD_GRAYSCALE), np.uint8)))
    assert max(max(f1(p.target, mask), f1(p.source, mask)) for p in pairs) > 0.7


def test_large_pictures_are_looked_at_reduced() -> None:
    gray = np.asarray(cv2.resize(texture(700, 1000, seed=4), (2000, 1400)), np.uint8)
    gray[800:1200, 1400:1900] = gray[100:500, 100:600]
    (pair,) = find_copies(coloured(gray))
    assert max(pair.target.shape) == SIDE


@pytest.mark.parametrize("seed", range(3))
def test_nothing_is_found_where_nothing_repeats(seed: int) -> None:
    assert find_copies(coloured(texture(300, 400, seed + 10))) == []


@pytest.mark.parametrize("size", [(1, 1), (1, 5000), (5000, 1), (32, 32), (3, 700)])
def test_any_size_is_looked_at(size: tuple[int, int]) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (*size, 3), dtype=np.uint8)
    assert find_copies(noise) == []
    assert find_copies(np.zeros_like(noise)) == []


def test_the_same_pixels_give_the_same_pairs() -> None:
    gray = texture(300, 400, seed=5)
    gray[150:240, 260:370] = gray[30:120, 40:150]
    (first,), (again,) = find_copies(coloured(gray)), find_copies(coloured(gray))
    np.testing.assert_array_equal(first.target, again.target)
    assert first.seam == again.seam
