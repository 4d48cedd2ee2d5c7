from __future__ import annotations

from pathlib import Path

import numpy as np

from tests.training.conftest import scene
from training.pack import LARGE, SEGMENT_SIDE, SIDE, Pack, capped, crops


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


def test_a_source_can_be_capped_and_the_choice_does_not_depend_on_the_order() -> None:
    rows = [{"source": "ab"[n % 2], "sha256": f"{97 * n % 89:02d}"} for n in range(20)]
    chosen = capped(rows, 3)
    assert [row["source"] for row in chosen].count("a") == 3
    assert len(chosen) == 6
    assert capped(rows[::-1], 3) == chosen
    assert capped(rows, None) == rows
