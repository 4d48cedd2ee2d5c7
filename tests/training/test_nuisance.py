from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image
from skimage import data

from training.nuisance import features


@pytest.fixture(scope="module")
def photograph() -> np.ndarray:
    """A real photograph without a JPEG grid: halved in size."""
    small = Image.fromarray(data.astronaut()).resize((300, 300), Image.Resampling.LANCZOS)
    return np.asarray(small)


def compressed(picture: np.ndarray, quality: int, subsampling: int) -> np.ndarray:
    buffer = io.BytesIO()
    Image.fromarray(picture).save(buffer, "JPEG", quality=quality, subsampling=subsampling)
    return np.asarray(Image.open(buffer).convert("RGB"))


def test_no_grid_is_found_where_there_is_none(photograph: np.ndarray) -> None:
    found = features(photograph)
    assert (found["height"], found["width"]) == (300, 300)
    assert found["grid"] == 0
    assert {found[name] for name in ("grid_row", "grid_column", "quality", "chroma")} == {-1.0}


@pytest.mark.parametrize("quality", [60, 75, 85])
def test_quality_and_steps_are_read_from_pixels(photograph: np.ndarray, quality: int) -> None:
    found = features(compressed(photograph, quality, 0))
    assert found["quality"] == pytest.approx(quality, abs=2)
    scale = 200 - 2 * quality
    assert found["step_0_1"] == (11 * scale + 50) // 100  # Annex K, scaled as libjpeg does
    assert found["step_1_0"] == (12 * scale + 50) // 100


@pytest.mark.parametrize(("row", "column"), [(0, 0), (3, 5), (7, 1)])
def test_the_grid_is_found_where_the_crop_left_it(
    photograph: np.ndarray, row: int, column: int
) -> None:
    found = features(compressed(photograph, 90, 2)[row:, column:])
    assert found["grid"] == 1
    assert (found["grid_row"], found["grid_column"]) == (-row % 8, -column % 8)


@pytest.mark.parametrize(("subsampling", "pixels"), [(0, 1), (1, 2), (2, 4)])
@pytest.mark.parametrize("offset", [0, 3])
def test_the_chroma_mode_is_read_from_pixels(
    photograph: np.ndarray, subsampling: int, pixels: int, offset: int
) -> None:
    picture = compressed(photograph, 90, subsampling)[offset:, offset:]
    assert features(picture)["chroma"] == pixels


def test_blocks_show_more_the_stronger_the_compression(photograph: np.ndarray) -> None:
    values = [features(compressed(photograph, q, 0))["blockiness"] for q in (90, 75, 50)]
    assert values == sorted(values)
    assert values[-1] > 0.2
