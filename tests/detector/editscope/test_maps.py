from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from detector.editscope.maps import MIN_REGION, fitted, without_specks


def test_specks_go_and_regions_stay() -> None:
    manipulation = np.zeros((100, 100), np.float32)
    manipulation[10, 10] = 0.9
    manipulation[40:60, 40:60] = 0.8
    cleaned = without_specks(manipulation, 0.5)
    assert cleaned[10, 10] == 0.5
    assert (cleaned[40:60, 40:60] == np.float32(0.8)).all()
    assert without_specks(np.zeros((5, 5), np.float32), 0.5).max() == 0


def test_fitted_keeps_whole_cells_as_they_are_and_shape_always() -> None:
    cells = np.random.default_rng(0).random((10, 12)).astype(np.float32)
    assert fitted(cells, 40, 48) is cells
    assert fitted(cells, 38, 45).shape == (10, 12)


@pytest.mark.parametrize("seed", range(4))
def test_specks_are_found_as_scipy_finds_islands(seed: int) -> None:
    scores = np.random.default_rng(seed).random((90, 130)).astype(np.float32)
    blurred = ndimage.uniform_filter(scores, 5)
    threshold = float(np.quantile(blurred, 0.7))
    islands, _ = ndimage.label(blurred > threshold)
    areas = np.bincount(islands.ravel())
    kept = (areas >= MIN_REGION * blurred.size)[islands] & (islands > 0)
    assert 0 < kept.sum() < (blurred > threshold).sum()
    np.testing.assert_array_equal(without_specks(blurred, threshold) > threshold, kept)
