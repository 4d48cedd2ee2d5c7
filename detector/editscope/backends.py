"""The network's convolutions by another runtime than PyTorch, made from its weights on the spot.

The rest stays as it is: pixels and tiles before, comparisons between, pooling and calibration
after. `requirements-backend.txt` has the packages.
"""

from __future__ import annotations

import tempfile
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

import torch
from torch import Tensor, nn

from detector.editscope.network import Network, Parts

Backend = Literal["torch", "openvino", "onnx"]
BACKENDS: tuple[Backend, ...] = ("torch", "openvino", "onnx")
SIDES = (96, 128)  # pixels of the example that is traced; any multiple of 32 will do
Run = Callable[..., list[Tensor]]


class Part(nn.Module):
    """One method of the model as a module of its own, which is what exporters take."""

    def __init__(self, model: Network, method: str) -> None:
        super().__init__()
        self.model = model
        self.method = method

    def forward(self, *inputs: Tensor) -> tuple[Tensor, ...]:
        result: tuple[Tensor, ...] = getattr(self.model, self.method)(*inputs)
        return result


@torch.no_grad()
def build(model: Network, backend: Backend, *, bf16: bool) -> Parts | None:
    """What stands in for the model's own `encode` and `decode`; None: they do it themselves.

    Args:
        model: folded, not fused; on the CPU in float32, in eval mode.
        backend: one of `BACKENDS`.
        bf16: for OpenVINO; ONNX Runtime computes in float32 whatever this says.

    Raises:
        ValueError: there is no such backend.
        ImportError: its packages are not installed.
    """
    if backend not in BACKENDS:
        raise ValueError(f"BACKEND={backend} is not one of {', '.join(BACKENDS)}.")
    if backend == "torch":
        return None
    make = {"openvino": _openvino, "onnx": _onnx}[backend]
    pixels = torch.zeros(1, 3, *SIDES)
    levels = model.compare(pixels, model.encode(pixels))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the tracer: our shapes are what it warns about
        encode = make(Part(model, "encode").eval(), (pixels,), bf16)
        decode = make(Part(model, "decode").eval(), levels, bf16)

    def decoded(*levels: Tensor) -> tuple[Tensor, Tensor]:
        x, scores = decode(*levels)
        return x, scores

    return Parts(lambda pixels: tuple(encode(pixels)), decoded)


def _exported(part: Part, example: tuple[Tensor, ...]) -> tuple[bytes, list[str]]:
    """ONNX of any height and width, and its inputs' names."""
    names = [f"input{index}" for index in range(len(example))]
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "part.onnx")
        torch.onnx.export(
            part,
            example,
            file,
            input_names=names,
            dynamic_axes={name: {2: f"{name}_height", 3: f"{name}_width"} for name in names},
            opset_version=17,
            dynamo=False,  # the other exporter needs more packages for the same graph
        )
        return file.read_bytes(), names


def _openvino(part: Part, example: tuple[Tensor, ...], bf16: bool) -> Run:
    import openvino

    core = openvino.Core()  # not `convert_model`, which reports its use to somebody
    settings = {
        "PERFORMANCE_HINT": "LATENCY",
        "INFERENCE_PRECISION_HINT": "bf16" if bf16 else "f32",
        "INFERENCE_NUM_THREADS": torch.get_num_threads(),
    }
    compiled = core.compile_model(core.read_model(_exported(part, example)[0]), "CPU", settings)

    def run(*inputs: Tensor) -> list[Tensor]:
        request = compiled.create_infer_request()  # any thread may call
        found = request.infer([_array(tensor) for tensor in inputs], share_inputs=True)
        return [torch.from_numpy(found[output]) for output in compiled.outputs]

    return run


def _onnx(part: Part, example: tuple[Tensor, ...], bf16: bool) -> Run:
    import onnxruntime

    model, names = _exported(part, example)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = torch.get_num_threads()
    session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])

    def run(*inputs: Tensor) -> list[Tensor]:
        feed = {name: _array(tensor) for name, tensor in zip(names, inputs, strict=True)}
        return [torch.from_numpy(array) for array in session.run(None, feed)]

    return run


def _array(tensor: Tensor) -> Any:
    return tensor.float().contiguous().numpy()
