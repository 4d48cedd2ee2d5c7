from __future__ import annotations

import copy

import pytest
import torch
from torch import nn

from detector.device import has_bf16
from detector.editscope.fast import RESIDUAL_LIMIT, Fused, FusedResidual, fuse
from detector.editscope.folding import fold
from detector.editscope.modeling import EditScopeModel
from detector.editscope.network import Output
from detector.editscope.traces import NoiseResidual
from tests.detector.editscope.test_modeling import TINY

pytestmark = pytest.mark.skipif(
    not torch.backends.mkldnn.is_available(), reason="the operators are oneDNN's"
)


def folded_model() -> EditScopeModel:
    torch.manual_seed(0)
    model = EditScopeModel(TINY).eval()
    fold(model)
    return model


@torch.inference_mode()
def scores(model: EditScopeModel, *, amp: bool) -> Output:
    pixels = (torch.rand(1, 3, 96, 128, generator=torch.Generator().manual_seed(1)) * 255).round()
    with torch.autocast("cpu", torch.bfloat16, enabled=amp):
        output: Output = model(pixels.contiguous(memory_format=torch.channels_last))
    return output


# Without AVX-512 oneDNN raises RuntimeError at a bf16 convolution. Where the detector would choose
# bf16 all the same, the test runs, and fails.
REFUSED = torch.backends.mkldnn.is_available() and not (
    has_bf16(torch.device("cpu")) or torch.ops.mkldnn._is_mkldnn_bf16_supported()
)


@pytest.mark.parametrize(
    ("amp", "tolerance"),
    [
        (False, 1e-5),
        pytest.param(
            True,
            0.03,
            marks=pytest.mark.skipif(REFUSED, reason="no bf16 on this processor, nor is it chosen"),
        ),
    ],
)
def test_a_fused_network_gives_the_same_scores(amp: bool, tolerance: float) -> None:
    plain = folded_model()
    fused = copy.deepcopy(plain)
    fuse(fused, torch.bfloat16 if amp else torch.float32)
    assert not any(isinstance(module, nn.Conv2d | nn.ReLU6) for module in fused.modules())
    before, after = scores(plain, amp=amp), scores(fused, amp=amp)
    for one, other in zip(after, before, strict=True):  # errors go with the largest terms
        bound = tolerance * float(other.abs().max())
        torch.testing.assert_close(one, other, atol=bound, rtol=0)


def test_no_parameter_is_lost_in_fusing() -> None:
    model = folded_model()
    count = sum(tensor.numel() for tensor in model.parameters())
    fuse(model, torch.float32)
    assert sum(tensor.numel() for tensor in model.parameters()) > count  # and the filters' zeros


@pytest.mark.parametrize("after", [nn.ReLU(), nn.ReLU6(), nn.Identity()])
def test_a_fused_layer_is_a_convolution_and_its_activation(after: nn.Module) -> None:
    torch.manual_seed(0)
    layers = nn.Sequential(nn.Conv2d(8, 16, 3, 2, padding=1), nn.Identity(), after).eval()
    x = 20 * torch.randn(2, 8, 15, 20)
    with torch.inference_mode():
        expected = layers(x)
        fuse(layers, torch.float32)
        assert isinstance(layers[0], Fused)
        torch.testing.assert_close(layers(x), expected)
    assert isinstance(layers[2], nn.Identity)


def test_residuals_are_the_same_before_their_division() -> None:
    x = torch.rand(1, 3, 40, 56, generator=torch.Generator().manual_seed(2)) * 255
    x = x.round()  # as pixels are: sums are exact then, in whatever order a processor takes them
    expected = NoiseResidual()(x) * RESIDUAL_LIMIT
    torch.testing.assert_close(FusedResidual(torch.float32)(x), expected, atol=1e-4, rtol=1e-4)
