from __future__ import annotations

from pathlib import Path

import pytest
import torch

from detector.editscope.configuration import EditScopeConfig
from detector.editscope.modeling import EditScopeModel, SelfCorrelation

TINY = EditScopeConfig(
    noise_widths=(4, 6, 8, 10), grid_width=8, correlation_width=8, decoder_width=12, head_width=16
)


@pytest.fixture(scope="module")
def model() -> EditScopeModel:
    torch.manual_seed(0)
    model = EditScopeModel(TINY)
    model.eval()
    return model


@pytest.mark.parametrize("size", [(64, 64), (96, 160)])
def test_shapes(model: EditScopeModel, size: tuple[int, int]) -> None:
    with torch.inference_mode():
        output = model(torch.rand(2, 3, *size) * 255)
    assert output.labels.shape == (2, 4)
    assert output.map.shape == (2, 3, size[0] // 4, size[1] // 4)
    assert torch.isfinite(output.labels).all()


def test_every_parameter_gets_a_gradient(model: EditScopeModel) -> None:
    output = model(torch.rand(1, 3, 96, 96) * 255)
    (output.labels.square().sum() + output.map.square().sum()).backward()
    silent = [name for name, p in model.named_parameters() if p.grad is None]
    assert silent == []
    model.zero_grad()


def test_weights_survive_storing_in_half_precision(model: EditScopeModel, tmp_path: Path) -> None:
    pixels = torch.rand(1, 3, 64, 64) * 255
    with torch.inference_mode():
        before = model(pixels)
    model.half().save_pretrained(tmp_path)
    model.float()
    loaded = EditScopeModel.from_pretrained(tmp_path, dtype=torch.float32).eval()
    with torch.inference_mode():
        after = loaded(pixels)
    torch.testing.assert_close(after.labels, before.labels, atol=0.05, rtol=0.05)


def test_self_correlation_finds_a_copied_patch_far_away() -> None:
    torch.manual_seed(0)
    layer = SelfCorrelation(16, 16).eval()
    features = torch.randn(1, 16, 20, 20)
    features[..., 15:18, 14:17] = features[..., 2:5, 3:6]
    with torch.inference_mode():
        best = layer(features)[0, 0]
    assert best[3, 4] == pytest.approx(1.0, abs=1e-3)
    assert best[16, 15] == pytest.approx(1.0, abs=1e-3)
    assert best.median() < 0.95


def test_self_correlation_of_a_picture_smaller_than_the_neighbourhood_is_finite() -> None:
    layer = SelfCorrelation(4, 4).eval()
    with torch.inference_mode():
        assert torch.isfinite(layer(torch.randn(1, 4, 1, 2))).all()


def test_label_head_takes_means_so_tiles_can_be_averaged(model: EditScopeModel) -> None:
    """Two equal tiles side by side are classified as one of them."""
    pixels = torch.rand(1, 3, 64, 64) * 255
    with torch.inference_mode():
        scores, pooled = model.inspect(pixels)
        cells = scores.flatten(2)
        one = model.classify(pooled, cells)
        two = model.classify(pooled, torch.cat([cells, cells], 2))
    torch.testing.assert_close(one, two, atol=0.05, rtol=0.05)
