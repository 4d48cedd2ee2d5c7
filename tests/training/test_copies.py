from __future__ import annotations

from pathlib import Path

import numpy as np

from detector.contract import Labels
from training.copies import Found, compose, fit
from training.wholes import Pictures


def test_a_composed_copy_differs_from_its_original_inside_the_mask_most(pack_folder: Path) -> None:
    real = Pictures(pack_folder.parent, Labels.Natural)
    moved, mask, pristine = compose(real, np.random.default_rng(0))
    assert moved.shape == pristine.shape == (*mask.shape, 3)
    change = np.abs(moved.astype(int) - pristine).mean(2)
    assert change[mask].mean() > change[~mask].mean()


def test_fit_finds_what_tells_pairs_apart_and_what_tells_the_sides() -> None:
    rng = np.random.default_rng(0)
    true = np.arange(400) % 2 == 0
    features = rng.normal(0, 1, (400, 3))
    features[:, 1] += np.where(true, 1.5, -1.5)
    right = np.arange(300) % 3 > 0
    sides = np.column_stack([np.where(right, 1.0, -1.0), *np.zeros((2, 300))])
    sides += rng.normal(0, 0.8, sides.shape)
    weights, side = fit(Found(features, true, 0.2, 0.6, sides, right))
    assert weights[1] > 3 * max(abs(weights[0]), abs(weights[2]))
    assert side[0] > 3 * max(abs(side[1]), abs(side[2]))


def test_the_offset_counts_how_often_pairs_are_found_at_all() -> None:
    features = np.zeros((100, 3))
    true = np.arange(100) % 2 == 0
    sides, right = np.array([[0.5, 0.1], [-0.5, 0.1]]), np.array([True, False])
    weights, _ = fit(Found(features, true, missed=0.5, quiet=0.75, sides=sides, right=right))
    np.testing.assert_allclose(weights[3], np.log(0.5 / 0.25), atol=1e-3)
