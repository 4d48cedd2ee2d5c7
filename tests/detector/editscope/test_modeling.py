from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from detector.editscope.configuration import EditScopeConfig
from detector.editscope.modeling import EditScopeModel

WIDTHS: dict[str, Any] = {
    "noise_widths": [4, 6, 8, 10],
    "grid_width": 8,
    "correlation_width": 8,
    "decoder_width": 12,
    "head_width": 16,
}
TINY = EditScopeConfig(**WIDTHS)


@pytest.fixture(scope="module")
def model() -> EditScopeModel:
    torch.manual_seed(0)
    model = EditScopeModel(TINY)
    model.eval()
    return model


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
