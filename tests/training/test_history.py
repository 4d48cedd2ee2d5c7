from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from tests.training.conftest import scene
from training import history

PICTURE = scene(1, 128, 160)


@pytest.mark.parametrize(
    "step",
    [history.jpeg, history.webp, history.grain, history.soften, history.sharpen, history.denoise,
     history.tone, history.saturate, history.before, history.after],
)  # fmt: skip
@pytest.mark.parametrize("seed", range(4))
def test_steps_keep_shape_and_content(
    step: Callable[[history.Picture, np.random.Generator], history.Picture], seed: int
) -> None:
    result = step(PICTURE, np.random.default_rng(seed))
    assert result.shape == PICTURE.shape
    assert result.dtype == np.uint8
    correlation = np.corrcoef(result.mean(2).ravel(), PICTURE.mean(2).ravel())[0, 1]
    assert correlation > 0.8


def test_resize_scales_both_sides() -> None:
    half = history.resize(PICTURE, 0.5, np.random.default_rng(0))
    assert half.shape == (64, 80, 3)


def test_jpeg_never_goes_below_the_lowest_quality() -> None:
    grey = np.repeat(PICTURE[..., :1], 3, axis=2)  # no chroma: its subsampling is not the question

    def worst(low: int) -> float:
        seeds = (np.random.default_rng(seed) for seed in range(10))
        errors = (history.jpeg(grey, rng, low).astype(int) - grey for rng in seeds)
        return max(float(np.abs(error).mean()) for error in errors)

    assert worst(98) < 1.5 < worst(60)


def test_two_in_five_come_as_the_editor_saved_them() -> None:
    picture = scene(1, 64, 64)
    seeds = range(400)
    same = [
        np.array_equal(history.after(picture, np.random.default_rng(s)), picture) for s in seeds
    ]
    untouched = history.FRESH_SHARE * (1 - history.FRESH_JPEG_SHARE)
    assert np.mean(same) > untouched  # some of the others meet no filter and no encoder either
    assert np.mean(same) < untouched + 0.15
