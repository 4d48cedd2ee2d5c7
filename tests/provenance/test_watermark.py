from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from provenance import watermark
from provenance.watermark import BLOCK, MARKS, SCALE, find


def embed(picture: np.ndarray, bits: np.ndarray) -> np.ndarray:
    """The method's other half, as its authors' library does it, on the U channel."""
    import cv2

    yuv = cv2.cvtColor(picture, cv2.COLOR_RGB2YUV)
    rows, columns = (side // 8 * 8 for side in picture.shape[:2])
    plane = yuv[:rows, :columns, 1].astype(np.float64)
    low = plane.reshape(rows // 2, 2, columns // 2, 2).sum(axis=(1, 3)) / 2
    marked, number = low.copy(), 0
    for top in range(0, low.shape[0], BLOCK):
        for left in range(0, low.shape[1], BLOCK):
            block = marked[top : top + BLOCK, left : left + BLOCK]
            at = np.unravel_index(np.argmax(np.abs(block.ravel()[1:])) + 1, block.shape)
            block[at] = (block[at] // SCALE + 0.25 + 0.5 * bits[number % len(bits)]) * SCALE
            number += 1
    plane += ((marked - low) / 2).repeat(2, axis=0).repeat(2, axis=1)
    yuv[:rows, :columns, 1] = np.clip(np.rint(plane), 0, 255)
    return cv2.cvtColor(yuv, cv2.COLOR_YUV2RGB)


def scene(height: int = 520, width: int = 516) -> np.ndarray:
    rng = np.random.default_rng(2)
    coarse = Image.fromarray(rng.integers(60, 200, (20, 20, 3), dtype=np.uint8))
    smooth = np.asarray(coarse.resize((width, height), Image.Resampling.BICUBIC), np.int16)
    noise = rng.normal(0, 12, (height, width, 3))
    return np.clip(smooth + noise, 0, 255).astype(np.uint8)


@pytest.mark.parametrize("name", MARKS)
def test_each_mark_is_found(name: str) -> None:
    found = find(embed(scene(), MARKS[name]))
    assert found is not None
    assert found.name == name
    assert found.agreeing >= 0.9 * found.bits


def test_strips_do_not_change_the_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    marked = embed(scene(), MARKS["Stable Diffusion XL"])
    whole = find(marked)
    monkeypatch.setattr(watermark, "STRIP_PIXELS", 10_000)
    assert find(marked) == whole


def test_an_unmarked_picture_has_none() -> None:
    assert find(scene()) is None


@pytest.mark.parametrize("shape", [(1, 1, 3), (200, 200, 3), (4, 70_000, 3)])
def test_sizes_that_are_never_marked_are_left_alone(shape: tuple[int, int, int]) -> None:
    assert find(np.zeros(shape, np.uint8)) is None


@pytest.mark.parametrize("level", [0, 128, 255])
def test_a_flat_picture_has_none(level: int) -> None:
    assert find(np.full((512, 512, 3), level, np.uint8)) is None


def test_another_known_mark_is_not_taken_for_one() -> None:
    bits = np.random.default_rng(0).integers(0, 2, 48).astype(np.uint8)
    assert find(embed(scene(), bits)) is None
