from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from provenance.thumbnail import compare
from tests.provenance.files import jpeg, photo

PICTURE = photo(1200, 900, seed=4)


def small(image=PICTURE, size: tuple[int, int] = (160, 120)) -> np.ndarray:
    return np.asarray(Image.fromarray(image).resize(size, Image.Resampling.BOX))


def test_a_cameras_own_thumbnail_agrees() -> None:
    found = compare(jpeg(small(), quality=60), PICTURE)
    assert found is not None
    assert (found.differs, found.reason) == (False, "")
    assert found.correlation > 0.98


def test_another_contrast_is_no_difference() -> None:
    darker = (small() * 0.7 + 20).astype(np.uint8)
    found = compare(jpeg(darker), PICTURE)
    assert found is not None
    assert not found.differs


def test_black_bars_are_no_difference() -> None:
    wide = photo(1200, 800, seed=4)
    framed = np.zeros((120, 160, 3), np.uint8)
    framed[7:113] = small(wide, (160, 106))
    found = compare(jpeg(framed), wide)
    assert found is not None
    assert not found.differs
    assert found.image.shape[:2] == (107, 160)


@pytest.mark.parametrize(
    ("thumbnail", "reason"),
    [
        (small(photo(1200, 900, seed=5)), "something else"),
        (small(PICTURE, (120, 120)), "cropped"),
        (np.rot90(small()), "turned"),
        (np.rot90(small(), 2), "turned"),
    ],
)
def test_what_was_changed_afterwards_differs(thumbnail: np.ndarray, reason: str) -> None:
    found = compare(jpeg(np.ascontiguousarray(thumbnail)), PICTURE)
    assert found is not None
    assert found.differs
    assert reason in found.reason


def test_a_part_painted_over_differs() -> None:
    painted = PICTURE.copy()
    painted[300:500, 500:700] = 255 - painted[300:500, 500:700] // 4
    found = compare(jpeg(small()), painted)
    assert found is not None
    assert found.differs


@pytest.mark.parametrize("data", [b"", b"\xff\xd8\xff", b"no picture"])
def test_no_thumbnail_no_comparison(data: bytes) -> None:
    assert compare(data, PICTURE) is None
