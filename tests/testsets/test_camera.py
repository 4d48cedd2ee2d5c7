from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from testsets.camera import MOSAICS, Shot, expose, photograph, tone

COLOUR = np.array([0.6, 0.35, 0.15], np.float32)
SHOT = replace(
    Shot.drawn(np.random.default_rng(0)),
    vignetting=0.0,
    electrons=1e9,
    read_noise=0.0,
    exposure=0.0,
)


def shoot(light: np.ndarray, shot: Shot) -> np.ndarray:
    return photograph(light.astype(np.float32), shot, np.random.default_rng(1))


@pytest.mark.parametrize("adaptive", [False, True])
@pytest.mark.parametrize("mosaic", MOSAICS)
def test_colours_come_through_every_mosaic(mosaic: str, adaptive: bool) -> None:
    shot = replace(SHOT, mosaic=mosaic, adaptive=adaptive)
    flat = np.broadcast_to(COLOUR, (32, 48, 3))
    taken = shoot(flat, shot)
    wanted = tone(expose(flat), shot.contrast)[0, 0] * 255
    assert taken[4:-4, 4:-4].reshape(-1, 3).mean(0) == pytest.approx(wanted, abs=2)


def test_a_coloured_edge_stays_where_it_is() -> None:
    light = np.broadcast_to(COLOUR, (40, 40, 3)).copy()
    light[:, 20:] = COLOUR[::-1]
    taken = shoot(light, replace(SHOT, fringe=0.0)).astype(int)
    assert np.all(taken[5:-5, 2:16, 0] > taken[5:-5, 2:16, 2] + 40)
    assert np.all(taken[5:-5, 24:38, 2] > taken[5:-5, 24:38, 0] + 40)


@pytest.mark.parametrize("size", [(33, 47), (8, 9), (3, 5), (40, 21)])
def test_any_size_is_kept(size: tuple[int, int]) -> None:
    taken = shoot(np.full((*size, 3), 0.5), SHOT)
    assert taken.shape == (*size, 3)
    assert taken.dtype == np.uint8


def test_fewer_electrons_mean_more_noise() -> None:
    flat = np.full((64, 64, 3), 0.4)
    noise = [shoot(flat, replace(SHOT, electrons=count)).std() for count in (500, 5000, 1e9)]
    assert noise[0] > 2 * noise[1] > 4 * noise[2]


def test_corners_are_darker() -> None:
    taken = shoot(np.full((64, 64, 3), 0.4), replace(SHOT, vignetting=0.35)).astype(int)
    assert taken[:6, :6].mean() < taken[28:36, 28:36].mean() - 10


def test_demosaicing_leaves_its_trace() -> None:
    """Pixels that a filter measured vary more than those that were interpolated."""
    shot = replace(
        SHOT,
        electrons=1500.0,
        adaptive=False,
        mosaic="RGGB",
        sharpening=0.0,
        denoising=0.3,
        blur=0.3,
    )
    green = shoot(np.full((128, 128, 3), 0.4), shot)[8:-8, 8:-8, 1].astype(float)
    measured = np.r_[green[0::2, 1::2].ravel(), green[1::2, 0::2].ravel()].std()
    guessed = np.r_[green[0::2, 0::2].ravel(), green[1::2, 1::2].ravel()].std()
    assert measured > 1.2 * guessed
