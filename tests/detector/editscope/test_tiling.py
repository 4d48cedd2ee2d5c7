from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from detector.editscope import tiling
from detector.editscope.tiling import GRANULE, OVERLAP, SMALLEST, TILE, Canvas, padded, tiles

SIDES = st.integers(1, 5000)


@given(SIDES, SIDES)
def test_tiles_cover_every_pixel_and_start_on_the_grid(height: int, width: int) -> None:
    rows, columns = np.zeros(height, bool), np.zeros(width, bool)
    for tile in tiles(height, width):
        assert tile.top % GRANULE == tile.left % GRANULE == 0
        assert tile.bottom - tile.top <= TILE
        assert tile.right - tile.left <= TILE
        rows[tile.top : tile.bottom] = True
        columns[tile.left : tile.right] = True
    assert rows.all()
    assert columns.all()


@given(st.integers(TILE + 1, 6000))
def test_neighbouring_tiles_overlap(length: int) -> None:
    spans = sorted({(tile.top, tile.bottom) for tile in tiles(length, 10)})
    overlaps = [first[1] - second[0] for first, second in pairwise(spans)]
    assert min(overlaps) >= OVERLAP - GRANULE


@pytest.mark.parametrize("size", [(1, 1), (1, 5000), (65, 100), (800, 700)])
def test_padding_repeats_the_border_up_to_the_granule(size: tuple[int, int]) -> None:
    image = np.random.default_rng(0).integers(0, 256, (*size, 3), dtype=np.uint8)
    for tile in tiles(*size):
        window = padded(image, tile)
        assert window.shape[0] % GRANULE == window.shape[1] % GRANULE == 0
        assert min(window.shape[:2]) >= SMALLEST
        height, width = tile.bottom - tile.top, tile.right - tile.left
        np.testing.assert_array_equal(
            window[:height, :width], image[tile.top : tile.bottom, tile.left : tile.right]
        )
        assert (window[height:] == window[height - 1]).all()


@pytest.mark.parametrize("size", [(300, 500), (1000, 1500), (801, 2003)])
def test_maps_of_tiles_make_the_map_of_the_picture(size: tuple[int, int]) -> None:
    cells = (-(-size[0] // 4), -(-size[1] // 4))
    whole = np.random.default_rng(0).random((2, *cells)).astype(np.float32)
    canvas = Canvas(*size, 2, 4)
    for tile in tiles(*size):
        height, width = -(-tile.bottom // 4) - tile.top // 4, -(-tile.right // 4) - tile.left // 4
        part = whole[:, tile.top // 4 :, tile.left // 4 :][:, :height, :width]
        canvas.add(tile, np.pad(part, ((0, 0), (0, 3), (0, 5))))
    np.testing.assert_allclose(canvas.mean(), whole, rtol=1e-5)


def test_the_overlap_is_made_of_whole_granules() -> None:
    assert tiling.OVERLAP % GRANULE == 0
    assert tiling.TILE % GRANULE == 0
