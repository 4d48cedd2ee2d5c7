from __future__ import annotations

import numpy as np
import pytest
import torch
from sklearn.metrics import roc_auc_score

from detector.editscope.anomaly import (
    BINS,
    CODES,
    EXTREME,
    FITTED,
    STATISTICS,
    Anomaly,
    co_occurrences,
    kinds,
    residuals,
    standardised,
    strangeness,
)

CPU = torch.device("cpu")


def noise(height: int, width: int, seed: int, deviation: float = 6.0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return (128 + deviation * rng.standard_normal((3, height, width))).astype(np.float32)


def test_codes_that_are_each_others_reverse_or_negative_are_one() -> None:
    table = kinds(CPU)
    assert table.shape == (CODES,)
    assert table.unique().tolist() == list(range(BINS))
    first = [2, 1, 1, 0]  # above, near, near, below; its negative is its reverse
    number = sum(level * 3**place for place, level in enumerate(first))
    reverse = sum(level * 3**place for place, level in enumerate(reversed(first)))
    other = sum(level * 3**place for place, level in enumerate([2, 1, 0, 1]))
    assert table[number] == table[reverse] != table[other]


def test_residuals_are_the_filters_they_are_said_to_be() -> None:
    """Of one bright pixel the filter's taps are left."""
    pixels = torch.zeros(1, 3, 9, 9)
    pixels[:, :, 4, 4] = 10.0  # gray: no chroma
    (rows, along), (columns, across), *chroma = residuals(pixels)
    assert (along, across) == (2, 1)
    np.testing.assert_allclose(rows[0, 4, 2:6], [10, -30, 30, -10], atol=1e-4)
    np.testing.assert_allclose(columns[0, 2:6, 4], [10, -30, 30, -10], atol=1e-4)
    assert all(float(plane.abs().max()) < 1e-4 for plane, _ in chroma)
    pixels = torch.zeros(1, 3, 9, 9)
    pixels[:, 2, 4, 4] = 10.0  # blue: what luma does not hold of it
    plane = residuals(pixels)[2][0]
    np.testing.assert_allclose(plane[0, 3, 3:6] / 8.86, [1, -2, 1], atol=1e-4)


def test_histograms_are_counted_right() -> None:
    """A horizontal gradient of steps in one direction has hardly any code but its own."""
    pixels = torch.from_numpy(noise(64, 96, 0))[None]
    roots = co_occurrences(pixels)
    assert roots.shape == (1, STATISTICS, 8, 12)
    shares = roots.square().view(1, 4, BINS, 8, 12).sum(2)
    torch.testing.assert_close(shares, torch.ones_like(shares))  # each of four histograms
    flat = co_occurrences(torch.full((1, 3, 64, 64), 77.0)).square()
    near = int(kinds(CPU)[CODES // 2])  # 1111 in base 3: four times "near zero"
    assert flat.view(4, BINS, -1)[:, near].min() > 1 - 1e-6


def test_what_has_another_history_is_strange() -> None:
    pixels = noise(256, 256, 1)
    pixels[:, 96:160, 64:144] = noise(64, 80, 2, deviation=12.0)
    for deviation in (3.0, 6.0):  # a scale of its own has no say
        scaled = torch.from_numpy((pixels - 128) * deviation / 6 + 128)[None]
        found = strangeness(co_occurrences(scaled))
        truth = np.zeros((32, 32), bool)
        truth[12:20, 8:18] = True
        assert found.shape == (1, 1, 32, 32)
        assert (
            roc_auc_score(truth.ravel(), found.numpy().ravel()) > 0.95
        )  # cells at the border hold less, and stray more


def test_of_many_cells_some_are_enough_to_know_what_is_usual() -> None:
    pixels = torch.from_numpy(noise(640, 640, 8))[None]
    pixels[..., 96:160, 64:144] = torch.from_numpy(noise(64, 80, 9, deviation=12.0))
    whole = strangeness(co_occurrences(pixels))
    assert whole[0, 0].numel() > FITTED
    truth = np.zeros((80, 80), bool)
    truth[12:20, 8:18] = True
    assert roc_auc_score(truth.ravel(), whole.numpy().ravel()) > 0.95


def test_the_like_of_everything_is_not_strange() -> None:
    even = strangeness(co_occurrences(torch.from_numpy(noise(256, 256, 3))[None]))
    odd = noise(256, 256, 3)
    odd[:, :48, :48] = noise(48, 48, 4, deviation=18.0)
    assert float(even.max()) < float(strangeness(co_occurrences(torch.from_numpy(odd)[None])).max())


@pytest.mark.parametrize("value", [0.0, 255.0])
@pytest.mark.parametrize("size", [(64, 64), (64, 768)])
def test_a_single_colour_has_no_anomaly(value: float, size: tuple[int, int]) -> None:
    pixels = torch.full((1, 3, *size), value)
    roots = co_occurrences(pixels)
    for found in (strangeness(roots), standardised(roots, 0.01)):
        assert torch.isfinite(found).all()
        assert float(found.abs().max()) < 1e-2


def test_standardised_by_hand() -> None:
    x = torch.tensor([[[[1.0, 3.0], [1.0, 3.0]]]])  # mean 2, deviation 1
    torch.testing.assert_close(standardised(x, 1.0), torch.tensor([[[[-0.5, 0.5]] * 2]]))
    lonely = torch.zeros(1, 1, 10, 10)
    lonely[..., 0, 0] = 1.0
    assert float(standardised(lonely, 1e-6).max()) == EXTREME


def test_pictures_of_a_batch_are_compared_with_themselves_alone() -> None:
    torch.manual_seed(0)
    module = Anomaly(inputs=6, width=8).eval()
    pixels = torch.from_numpy(np.stack([noise(64, 64, 5), noise(64, 64, 6, 20.0)]))
    features = torch.rand(2, 6, 8, 8)
    together = module(pixels, features)
    alone = torch.cat([module(pixels[n : n + 1], features[n : n + 1]) for n in range(2)])
    assert together.shape == (2, 8, 8, 8)
    torch.testing.assert_close(together, alone, atol=1e-4, rtol=1e-3)


def test_learned_features_get_gradients() -> None:
    features = torch.rand(1, 6, 8, 8, requires_grad=True)
    Anomaly(inputs=6, width=8)(torch.from_numpy(noise(64, 64, 7))[None], features).sum().backward()
    assert features.grad is not None
    assert float(features.grad.abs().sum()) > 0
