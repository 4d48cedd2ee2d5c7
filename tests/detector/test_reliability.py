from __future__ import annotations

import io

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from detector.reliability import MAX_CELLS, measure


def scene(height: int = 384, width: int = 512) -> NDArray[np.uint8]:
    """Smooth shapes under grain, as a camera leaves them."""
    rng = np.random.default_rng(0)
    rows, columns = np.mgrid[0:height, 0:width]
    waves = 128 + 40 * np.sin(rows / 31) + 40 * np.cos(columns / 47)
    grain = rng.normal(0, 6, (height, width, 1))
    return np.clip(waves[..., None] + grain, 10, 245).astype(np.uint8).repeat(3, axis=2)


def jpeg(image: NDArray[np.uint8], quality: int) -> NDArray[np.uint8]:
    buffer = io.BytesIO()
    Image.fromarray(image).save(buffer, "JPEG", quality=quality)
    return np.asarray(Image.open(buffer))


def test_grain_all_over_is_reliable():
    found = measure(scene())
    assert found.score.dtype == np.float32
    assert found.score.mean() > 0.95
    assert (found.flat, found.clipped, found.compressed, found.small) == (0.0, 0.0, 0.0, 0.0)


def test_flat_and_clipped_areas_are_found_where_they_are():
    image = scene()
    image[:192, :256] = 130
    image[192:, 256:] = 255
    found = measure(image)
    assert found.score.shape == (24, 32)
    assert found.score[:11, :15].max() < 0.05
    assert found.score[13:, 17:].max() < 0.05
    assert found.score[13:, :14].mean() > 0.9
    assert found.flat == pytest.approx(0.25, abs=0.02)
    assert found.clipped == pytest.approx(0.25, abs=0.02)  # white is not flat as well


def test_heavy_compression_is_told_from_light():
    light, heavy = measure(jpeg(scene(), 90)), measure(jpeg(scene(), 8))
    assert light.compressed == 0.0
    assert light.score.mean() > 0.9
    assert heavy.compressed > 0.8
    assert heavy.score.mean() < 0.2


@pytest.mark.parametrize(("side", "small"), [(512, 0.0), (256, 0.0), (160, 0.5), (64, 1.0)])
def test_small_pictures(side, small):
    found = measure(scene(side, 600))
    assert found.small == pytest.approx(small)
    assert (found.score.max() > 0) == (small < 1)


@pytest.mark.parametrize("shape", [(1, 1), (1, 3000), (17, 5), (130, 4001), (3000, 4000)])
def test_any_shape_gives_a_bounded_map_of_its_aspect(shape):
    image = np.random.default_rng(0).integers(0, 256, (*shape, 3), dtype=np.uint8)
    score = measure(image).score
    assert max(score.shape) <= MAX_CELLS
    assert np.isfinite(score).all()
    assert score.min() >= 0
    assert score.max() <= 1
    cell = 16 * -(-max(shape) // (16 * MAX_CELLS))
    assert score.shape == (-(-shape[0] // cell), -(-shape[1] // cell))
