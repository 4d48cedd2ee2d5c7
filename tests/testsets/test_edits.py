from __future__ import annotations

import cv2
import numpy as np
import pytest

from detector.contract import Labels
from tests.pictures import photo
from testsets.edits import LOCAL, METHODS, Source, make

FEATHER = 16  # pixels: four times the softest edge
CASES = [(label, method) for label, methods in METHODS.items() for method in methods]


def source(seed: int) -> Source:
    """A photograph with one known object, and the light it could have come from."""
    pixels = photo(160, 192, seed)
    objects = np.zeros(pixels.shape[:2], np.uint8)
    objects[60:110, 70:130] = 1
    light = (pixels / np.float32(255)).astype(np.float32) ** 2
    return Source(f"photo {seed}", pixels, objects, light)


@pytest.mark.parametrize(("label", "method"), CASES)
@pytest.mark.parametrize("seed", range(3))
def test_every_method_makes_its_label(label: Labels, method: str, seed: int) -> None:
    made = make(label, method, source(0), source(1), np.random.default_rng(seed))
    assert made.label is label
    assert made.pixels.shape == (160, 192, 3)
    assert made.mask.shape == (160, 192)
    assert method in made.edit["method"]
    if label is Labels.FullySynthesized:
        assert made.mask.all()
    else:
        assert 0.006 <= made.mask.mean() <= 0.5
    assert ("note" in made.edit) == (label is not Labels.LocallyEdited)
    assert ("donor" in made.edit) == (method == "splice")


@pytest.mark.parametrize("method", LOCAL)
@pytest.mark.parametrize("seed", range(3))
def test_nothing_changes_far_from_the_mask(method: str, seed: int) -> None:
    base = source(0)
    pixels, mask = LOCAL[method](base.pixels, base, source(1), np.random.default_rng(seed))
    kernel = np.ones((2 * FEATHER + 1, 2 * FEATHER + 1), np.uint8)
    near = cv2.dilate(mask.astype(np.uint8), kernel) > 0
    assert np.array_equal(pixels[~near], base.pixels[~near])


def test_natural_pictures_have_an_empty_mask_and_only_a_past() -> None:
    made = make(Labels.Natural, "", source(0), source(1), np.random.default_rng(0))
    assert not made.mask.any()
    assert "method" not in made.edit
    assert np.abs(made.pixels.astype(int) - source(0).pixels).mean() < 12


def test_what_does_not_show_is_drawn_again() -> None:
    """Nothing that is copied, removed or retouched in a flat picture can be seen."""
    flat = Source("flat", np.full((96, 96, 3), 128, np.uint8))
    made = make(Labels.LocallyEdited, "copy_move", flat, flat, np.random.default_rng(5))
    inside = made.pixels[made.mask].astype(int)
    assert np.abs(inside - 128).mean() >= 2


def test_photographs_have_no_light_to_render() -> None:
    picture = Source("photo", photo(96, 96, 0))
    made = make(Labels.FullySynthesized, "render", picture, picture, np.random.default_rng(0))
    assert made.edit["method"].startswith("decoder")
