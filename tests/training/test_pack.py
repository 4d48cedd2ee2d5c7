from __future__ import annotations

from pathlib import Path

import numpy as np

from tests.training.conftest import scene
from training.pack import LARGE, SEGMENT_SIDE, SIDE, Pack, crops


def test_every_picture_comes_back_pixel_for_pixel(pack_folder: Path) -> None:
    pack = Pack(pack_folder)
    assert len(pack) == 8
    first = pack.image(0)
    np.testing.assert_array_equal(first, scene(0, 300, 360))
    assert pack.segments(0).shape == (SEGMENT_SIDE, SEGMENT_SIDE)
    assert len(np.unique(pack.segments(0))) > 3


def test_large_pictures_give_two_crops_and_one_of_half_size() -> None:
    image = scene(0, LARGE, LARGE + 200)
    shapes = [crop.shape for crop in crops(image, np.random.default_rng(0))]
    assert shapes == [(SIDE, SIDE, 3)] * 3
    assert len(list(crops(image[:500, :600], np.random.default_rng(0)))) == 1
