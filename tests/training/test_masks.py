from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from training import masks

SIZES = [(256, 256), (200, 333), (96, 400)]


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize(
    "shape", [masks.lasso, masks.blob, masks.strokes, masks.box, masks.ellipse]
)
def test_shapes_fill_some_of_the_picture_and_not_all(
    shape: Callable[[masks.Size, np.random.Generator], masks.Mask], size: masks.Size
) -> None:
    areas = []
    for seed in range(30):
        mask = shape(size, np.random.default_rng(seed))
        assert mask.shape == size
        assert mask.dtype == bool
        areas.append(mask.mean())
    assert 0.005 < np.mean(areas) < 0.5


def test_objects_are_unions_of_segments() -> None:
    segments = np.kron(np.arange(16, dtype=np.uint8).reshape(4, 4), np.ones((64, 64), np.uint8))
    mask = masks.objects((256, 256), np.random.default_rng(1), segments)
    shares = [mask[segments == label].mean() for label in range(16)]
    whole = [share for share in shares if share > 0.5]
    assert whole, "at least one segment is taken"
    assert all(share > 0.9 for share in whole)


@pytest.mark.parametrize("seed", range(20))
def test_random_mask_keeps_its_area_within_the_limits(seed: int) -> None:
    mask = masks.random_mask((256, 320), np.random.default_rng(seed))
    assert masks.MIN_AREA <= mask.mean() <= masks.MAX_AREA


def test_feathering_softens_only_near_the_edge() -> None:
    mask = np.zeros((100, 100), dtype=bool)
    mask[30:70, 30:70] = True
    alpha = masks.feathered(mask, np.random.default_rng(0), hard=0.0)
    assert alpha[50, 50] == pytest.approx(1.0, abs=1e-3)
    assert alpha[5, 5] == pytest.approx(0.0, abs=1e-3)
    assert 0.2 < alpha[30, 50] < 0.8


def test_the_salient_mask_is_one_of_the_objects_in_front() -> None:
    alpha = np.zeros((256, 256), np.uint8)
    alpha[20:90, 30:110] = 255
    alpha[150:230, 140:220] = 255
    for seed in range(10):
        mask = masks.salient((512, 512), np.random.default_rng(seed), alpha)
        shares = mask[60:160, 80:200].mean(), mask[320:440, 300:420].mean()
        assert sorted(shares) == [0.0, 1.0]
        assert mask.mean() < 0.2
