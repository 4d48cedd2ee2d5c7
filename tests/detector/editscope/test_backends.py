from __future__ import annotations

import pytest
import torch

from detector.editscope.backends import BACKENDS, Backend, build
from detector.editscope.folding import fold
from detector.editscope.modeling import EditScopeModel
from tests.detector.editscope.test_modeling import TINY

PACKAGES = {"openvino": "openvino", "onnx": "onnxruntime"}
TOLERANCE = 1e-3  # of logits, in float32


@pytest.fixture(scope="module")
def model() -> EditScopeModel:
    torch.manual_seed(0)
    network = EditScopeModel(TINY).eval()
    fold(network)
    return network


@pytest.mark.parametrize("backend", ["openvino", "onnx"])
@pytest.mark.parametrize("size", [(96, 128), (64, 224), (320, 64)])
def test_every_backend_gives_the_same_map(
    model: EditScopeModel, backend: Backend, size: tuple[int, int]
) -> None:
    pytest.importorskip(PACKAGES[backend], reason="requirements-backend.txt is not installed")
    parts = build(model, backend, bf16=False)
    assert parts is not None
    pixels = torch.rand(1, 3, *size, generator=torch.Generator().manual_seed(1)) * 255
    with torch.inference_mode():
        expected, pooled = model.inspect(pixels)
        found, found_pooled = model.inspect(pixels, parts)
    torch.testing.assert_close(found, expected, atol=TOLERANCE, rtol=TOLERANCE)
    for one, other in zip(found_pooled, pooled, strict=True):
        torch.testing.assert_close(one, other, atol=TOLERANCE, rtol=TOLERANCE)


def test_torch_needs_no_stand_in(model: EditScopeModel) -> None:
    assert build(model, "torch", bf16=True) is None


def test_an_unknown_backend_is_named(model: EditScopeModel) -> None:
    with pytest.raises(ValueError, match="BACKEND=tensor is not one of torch, openvino, onnx"):
        build(model, "tensor", bf16=False)  # type: ignore[arg-type]


def test_the_setting_offers_what_there_is() -> None:
    from settings import Settings

    annotation = Settings.model_fields["backend"].annotation
    assert annotation is not None
    assert annotation.__args__ == BACKENDS
