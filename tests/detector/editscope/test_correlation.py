from __future__ import annotations

import pytest
import torch

from detector.editscope.correlation import SelfCorrelation, _agreement, _highest


@pytest.mark.parametrize("side", [24, 68])  # above 64 cells a side every second one is compared
def test_self_correlation_finds_a_copied_patch_far_away(side: int) -> None:
    torch.manual_seed(0)
    layer = SelfCorrelation(16, 16).eval()
    features = torch.randn(1, 16, side, side)
    features[..., 14:20, 14:20] = features[..., 2:8, 4:10]
    with torch.inference_mode():
        best, agreement, both = layer(features)[0]
    copies = best[2:8:2, 4:10:2], best[14:20:2, 14:20:2]
    for copy in copies:
        torch.testing.assert_close(copy, torch.ones(3, 3), atol=1e-3, rtol=0)
    assert best.median() < 0.95
    torch.testing.assert_close(both, best * agreement)


def test_neighbours_matched_at_one_displacement_agree() -> None:
    rows = torch.arange(8)[:, None].expand(8, 8)[None]
    columns = torch.arange(8).expand(8, 8)[None]
    together = _agreement(rows + 3, columns - 2)
    torch.testing.assert_close(together, torch.ones(1, 8, 8))
    generator = torch.Generator().manual_seed(0)
    scattered = torch.randint(0, 800, (2, 1, 8, 8), generator=generator)
    assert _agreement(scattered[0], scattered[1])[0, 1:-1, 1:-1].mean() < 0.05


def test_self_correlation_of_a_picture_smaller_than_the_neighbourhood_is_finite() -> None:
    layer = SelfCorrelation(4, 4).eval()
    with torch.inference_mode():
        assert torch.isfinite(layer(torch.randn(1, 4, 1, 2))).all()


@pytest.mark.parametrize("lowest", [0.0, -1.0])
@torch.inference_mode()
def test_the_highest_score_is_the_first_of_the_highest(lowest: float) -> None:
    generator = torch.Generator().manual_seed(3)
    scores = (torch.rand(2, 9, 300, generator=generator) + lowest).bfloat16()
    best, index = _highest(scores)
    expected = scores.float().max(2)
    assert torch.equal(best.float(), expected.values)
    assert torch.equal(scores.gather(2, index[..., None])[..., 0], best)
    assert torch.equal(index, (scores == best[..., None]).int().argmax(2))
