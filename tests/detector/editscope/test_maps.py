from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from detector.editscope.maps import MIN_REGION, PEAK_SHARE, cleaned, fitted


def test_specks_go_and_regions_stay() -> None:
    manipulation = np.zeros((100, 100), np.float32)
    manipulation[10, 10] = 0.9
    manipulation[40:60, 40:60] = 0.8
    result = cleaned(manipulation, 0.5)
    assert result[10, 10] == 0.5
    assert (result[40:60, 40:60] == np.float32(0.8)).all()
    assert cleaned(np.zeros((5, 5), np.float32), 0.5).max() == 0


def test_specks_alone_leave_nothing_marked() -> None:
    manipulation = np.zeros((100, 100), np.float32)
    manipulation[10, 10], manipulation[50, 50:52] = 0.9, 0.7
    assert cleaned(manipulation, 0.3).max() == np.float32(0.3)


def test_islands_far_weaker_than_the_strongest_go() -> None:
    manipulation = np.full((100, 100), 0.1, np.float32)
    manipulation[10:30, 10:30] = 0.35
    manipulation[20, 20] = 0.9  # its peak counts, not its mean
    manipulation[40:60, 40:60] = 0.75  # over .8 * .9
    manipulation[70:90, 70:90] = 0.70
    manipulation[5, 90] = 1.0  # a speck, which does not make the others weak
    marked = cleaned(manipulation, 0.3) > 0.3
    assert marked[10:30, 10:30].all()
    assert marked[40:60, 40:60].all()
    assert marked.sum() == 800


def test_fitted_keeps_whole_cells_as_they_are_and_shape_always() -> None:
    cells = np.random.default_rng(0).random((10, 12)).astype(np.float32)
    assert fitted(cells, 40, 48) is cells
    assert fitted(cells, 38, 45).shape == (10, 12)


@pytest.mark.parametrize("seed", range(4))
def test_islands_are_found_as_scipy_finds_them(seed: int) -> None:
    scores = np.random.default_rng(seed).random((90, 130)).astype(np.float32)
    blurred = ndimage.uniform_filter(scores, 5) * np.linspace(0.5, 1, 130, dtype=np.float32)
    threshold = float(np.quantile(blurred, 0.7))
    islands, count = ndimage.label(blurred > threshold)
    areas = np.bincount(islands.ravel())
    large = [n for n in range(1, count + 1) if areas[n] >= MIN_REGION * blurred.size]
    peaks = ndimage.maximum(blurred, islands, large)
    kept = np.array(large)[peaks >= PEAK_SHARE * peaks.max()]
    assert 0 < len(kept) < len(large) < count
    np.testing.assert_array_equal(cleaned(blurred, threshold) > threshold, np.isin(islands, kept))
