from __future__ import annotations

import numpy as np
import pytest

from testsets import sources
from testsets.photos import CREDITS, photo
from testsets.scenes import KINDS, SIDE, plate


def test_scenes_are_the_same_each_time_and_differ_by_seed() -> None:
    first = plate(0, 1)
    plate.cache_clear()
    again, other = plate(0, 1), plate(1, 1)
    assert np.array_equal(first.light, again.light)
    assert np.array_equal(first.objects, again.objects)
    assert not np.array_equal(first.light, other.light)


def test_a_scene_is_light_with_objects() -> None:
    shown = plate(0, 0)
    assert shown.kind == next(iter(KINDS))
    assert shown.light.shape == (SIDE, SIDE, 3)
    assert np.isfinite(shown.light).all()
    assert shown.light.min() >= 0
    assert 0.02 < (shown.objects > 0).mean() < 0.8


@pytest.mark.parametrize("size", [(224, 224), (360, 640), (1024, 1024), (32, 40)])
def test_pictures_of_scenes_have_the_size_asked_for(size: tuple[int, int]) -> None:
    source = sources.scene(0, 0, size, np.random.default_rng(3))
    assert source.objects is not None
    assert source.light is not None
    assert source.pixels.shape == source.light.shape == (*size, 3)
    assert source.objects.shape == size
    assert source.pixels.dtype == np.uint8
    assert set(np.unique(source.objects)) <= set(np.unique(plate(0, 0).objects))


def test_every_picture_has_a_camera_of_its_own() -> None:
    rng = np.random.default_rng(0)
    one, two = (sources.scene(0, 0, (64, 64), rng) for _ in range(2))
    assert one.facts["camera"] != two.facts["camera"]


@pytest.mark.parametrize("number", range(len(CREDITS)))
@pytest.mark.parametrize("longest", [224, 384, 512])
def test_photographs_are_never_enlarged(number: int, longest: int) -> None:
    source = sources.photograph_of(number, longest, np.random.default_rng(number))
    height, width = source.pixels.shape[:2]
    assert max(height, width) == longest
    assert source.facts["reduced"] >= 1
    assert source.facts["licence"] == list(CREDITS.values())[number].licence


def test_a_photographs_pixels_are_its_own() -> None:
    """A crop at native size, or of the whole where that is as large."""
    source = sources.photograph_of(list(CREDITS).index("astronaut"), 512, np.random.default_rng(0))
    assert np.array_equal(source.pixels, photo("astronaut"))


def test_no_photograph_is_as_large_as_that() -> None:
    with pytest.raises(ValueError, match="2000 pixels"):
        sources.photograph_of(0, 2000, np.random.default_rng(0))
