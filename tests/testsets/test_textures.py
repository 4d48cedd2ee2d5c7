from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from testsets import textures
from testsets.textures import SIDE, Field, Texture, fractal

TILES = (
    textures.grass,
    textures.sand,
    textures.asphalt,
    textures.plaster,
    textures.wood,
    textures.brick,
    textures.tiles,
    textures.fabric,
    textures.facade,
    textures.skin,
    textures.glaze,
    textures.sign,
)


@pytest.mark.parametrize("make", TILES)
def test_tiles_are_reflectances(make: Callable[[np.random.Generator], Field]) -> None:
    tile = make(np.random.default_rng(3))
    assert tile.shape == (SIDE, SIDE, 3)
    assert tile.dtype == np.float32
    assert tile.min() >= 0
    assert tile.max() <= 1.5
    assert tile.std() > 0.001
    assert np.array_equal(tile, make(np.random.default_rng(3)))


def test_noise_continues_on_the_other_side() -> None:
    noise = fractal(np.random.default_rng(0), 1.8)
    inner = np.abs(np.diff(noise, axis=0)).mean()
    assert np.abs(noise[0] - noise[-1]).mean() < 2 * inner


def test_looking_up_repeats_and_interpolates() -> None:
    ramp = np.zeros((4, 4, 3), np.float32)
    ramp[:, 2:] = 1
    at = np.array([0.125, 1.125, 0.625, 0.5, -0.375], np.float32)  # centres of pixels, and a seam
    found = Texture(ramp).look_up(at, np.full(5, 0.5, np.float32), np.zeros(5, np.float32))
    assert found[0] == pytest.approx([0, 0, 1, 0.5, 1])


def test_far_surfaces_are_averaged() -> None:
    board = np.indices((8, 8)).sum(0) % 2
    texture = Texture(np.repeat(board[..., None], 3, axis=2).astype(np.float32))
    spots = np.linspace(0, 1, 40, dtype=np.float32)
    far = texture.look_up(spots, spots, np.full(40, 1.0, np.float32))
    assert far == pytest.approx(np.full((3, 40), 0.5))
