from __future__ import annotations

import copy

import torch
from torch import nn

from detector.editscope.folding import fold
from detector.editscope.modeling import EditScopeModel
from tests.detector.editscope.test_modeling import TINY


def test_a_folded_network_gives_the_same_scores() -> None:
    torch.manual_seed(0)
    model = EditScopeModel(TINY).eval()
    for module in model.modules():
        if isinstance(module, nn.BatchNorm2d):
            assert module.running_mean is not None
            assert module.running_var is not None
            module.running_mean.normal_(0, 0.3)
            module.running_var.uniform_(0.5, 2)
    folded = copy.deepcopy(model)
    fold(folded)
    assert not any(isinstance(module, nn.BatchNorm2d) for module in folded.modules())
    pixels = torch.rand(1, 3, 96, 128) * 255
    with torch.inference_mode():
        expected, actual = model(pixels), folded(pixels)
    torch.testing.assert_close(actual.labels, expected.labels, atol=1e-3, rtol=1e-3)
    torch.testing.assert_close(actual.map, expected.map, atol=1e-3, rtol=1e-3)
