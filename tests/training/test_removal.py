from __future__ import annotations

import numpy as np
import pytest

from tests.training.conftest import scene
from training.removal import cover

BASE = scene(3, 240, 300)


@pytest.mark.parametrize("seed", range(6))
def test_a_cover_takes_the_regions_place_and_nothing_else(seed: int) -> None:
    marked = BASE.copy()
    mask = np.zeros(BASE.shape[:2], dtype=bool)
    mask[80:140, 100:180] = True
    marked[mask] = (255, 0, 255)  # a colour that the scene does not have
    covered = cover(marked, mask, np.random.default_rng(seed))
    np.testing.assert_array_equal(covered[~mask], BASE[~mask])
    assert (covered[mask] == (255, 0, 255)).all(1).mean() < 0.5
