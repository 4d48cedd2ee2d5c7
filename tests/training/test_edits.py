from __future__ import annotations

import numpy as np
import pytest
from scipy.ndimage import binary_dilation, binary_erosion

from tests.training.conftest import scene
from training import edits, removal, synthesis
from training.history import Picture
from training.masks import Mask, Shapes
from training.pool import Scene

BASE = scene(3, 240, 300)
SHAPES = Shapes(np.kron(np.arange(30, dtype=np.uint8).reshape(5, 6), np.ones((51, 42), np.uint8)))


def draw(kind: str, seed: int) -> tuple[Picture, Mask]:
    rng = np.random.default_rng(seed)
    if kind == "splice":
        shape = np.zeros((200, 200), dtype=bool)
        shape[50:140, 60:150] = True
        return edits.splice(BASE, scene(9, 200, 200), shape, rng)
    if kind == "redraw":
        return synthesis.local(Scene(BASE, SHAPES), rng)
    if kind == "fill":
        return synthesis.fill(Scene(BASE, SHAPES), rng)
    functions = {"copy_move": edits.copy_move, "remove": removal.remove, "retouch": edits.retouch}
    return functions[kind](BASE, SHAPES, rng)


@pytest.mark.parametrize("kind", ["splice", "copy_move", "remove", "retouch", "redraw", "fill"])
@pytest.mark.parametrize("seed", range(6))
def test_what_the_mask_leaves_out_stays_as_it_was(kind: str, seed: int) -> None:
    image, mask = draw(kind, seed)
    assert image.shape == BASE.shape
    assert image.dtype == np.uint8
    assert mask.shape == BASE.shape[:2]
    if not mask.any():
        return
    distance = 16  # beyond the widest feathering, four times sigma 4

    far = ~binary_dilation(mask, iterations=distance)
    np.testing.assert_array_equal(image[far], BASE[far])


def test_a_region_with_a_twin_is_the_twins() -> None:
    image, mask = synthesis.local(Scene(BASE, SHAPES, 255 - BASE), np.random.default_rng(2))
    inside = binary_erosion(mask, iterations=16)
    assert inside.any()
    np.testing.assert_array_equal(image[inside], (255 - BASE)[inside])


@pytest.mark.parametrize("kind", ["splice", "copy_move", "redraw", "fill"])
def test_what_the_mask_holds_has_changed(kind: str) -> None:
    changed = []
    for seed in range(8):
        image, mask = draw(kind, seed)
        if mask.any():
            changed.append((image != BASE).any(2)[mask].mean())
    assert np.mean(changed) > 0.8


def test_the_same_seed_gives_the_same_edit() -> None:
    for kind in ("splice", "copy_move", "remove", "retouch", "redraw", "fill"):
        (first, mask), (second, again) = draw(kind, 5), draw(kind, 5)
        np.testing.assert_array_equal(first, second)
        np.testing.assert_array_equal(mask, again)


def test_redrawn_pictures_lose_their_sensor_noise_and_keep_their_content() -> None:
    redrawn = synthesis.redraw(BASE, np.random.default_rng(0))
    assert redrawn.shape == BASE.shape
    difference = redrawn.astype(int) - BASE
    assert 1 < np.abs(difference).mean() < 30


def test_fitted_splices_lie_where_their_border_shows_less(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(edits, "relight", lambda layer, base, mask, strength: layer)
    base = np.full((200, 300, 3), 40, np.uint8)
    base[:, 150:] = 200
    shape = np.zeros((80, 80), dtype=bool)
    shape[20:60, 20:60] = True
    bright = {}
    for share in (0.0, 1.0):
        monkeypatch.setattr(edits, "FITTED_SHARE", share)
        masks = [
            edits.splice(base, np.full((80, 80, 3), 50, np.uint8), shape, rng)[1]
            for rng in map(np.random.default_rng, range(20))
        ]
        bright[share] = np.mean([mask[:, 150:].mean() for mask in masks])
    assert bright[1.0] < 0.3 * bright[0.0]
