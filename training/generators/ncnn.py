"""Networks in the format of Tencent's ncnn: a `.param` text and a `.bin` of weights.

Enough of it for the super-resolution networks of Real-ESRGAN. Format:
https://github.com/Tencent/ncnn/wiki/param-and-model-file-structure
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from training.generators.graph import (
    Convolution,
    Graph,
    Operation,
    Step,
    UnsupportedNetwork,
    add,
    concatenate,
    nearest,
    weighted_sum,
)

MAGIC = "7767517"
HALF = 0x01306B47  # tag before weights that are stored in float16
ARRAY_KEYS = -23300  # keys below it carry a counted list
ACTIVATION, SLOPE = 9, 10  # keys of what follows a convolution
LEAKY = 2
SUM, ADDITION, NEAREST = 1, 0, 1  # first options of Eltwise, BinaryOp and Interp


def read(param: Path, weights: Path) -> Graph:
    """The network of `param` with the weights of `weights`.

    Raises:
        UnsupportedNetwork: it is not such a file, or has layers unknown here.
    """
    lines = param.read_text().split("\n")
    if lines[0].strip() != MAGIC:
        raise UnsupportedNetwork(f"{param} does not start like an ncnn network")
    stream = _Weights(weights.read_bytes())
    steps: list[Step] = []
    alias: dict[str, str] = {}
    name, channels = "", {"": 0}
    for line in filter(None, map(str.strip, lines[2:])):
        kind, _, inputs_count, outputs_count, *rest = line.split()
        split = int(inputs_count), int(inputs_count) + int(outputs_count)
        inputs = tuple(alias.get(i, i) for i in rest[: split[0]])
        outputs, options = rest[split[0] : split[1]], _options(rest[split[1] :])
        if kind == "Input":
            name, channels = outputs[0], {outputs[0]: 3}
        elif kind == "Split":
            alias.update(dict.fromkeys(outputs, inputs[0]))
        else:
            known = [channels[i] for i in inputs]
            operation, channels[outputs[0]] = _operation(kind, options, known, stream)
            steps.append(Step(outputs[0], inputs, operation))
    return Graph(steps, name)


class _Weights:
    """The `.bin` file, read in the order of the layers."""

    def __init__(self, data: bytes) -> None:
        self._data, self._at = data, 0

    def tagged(self, count: int) -> torch.Tensor:
        tag = int(self._take("<u4", 1)[0])
        if tag not in (0, HALF):
            raise UnsupportedNetwork(f"weights stored with tag {tag:#x}")
        values = self._take("<f2" if tag == HALF else "<f4", count)
        self._at += -self._at % 4
        return torch.from_numpy(values.astype(np.float32))

    def plain(self, count: int) -> torch.Tensor:
        return torch.from_numpy(self._take("<f4", count).astype(np.float32))

    def _take(self, kind: str, count: int) -> np.ndarray[tuple[int], np.dtype[np.generic]]:
        values = np.frombuffer(self._data, kind, count, self._at)
        self._at += values.nbytes
        return values


class _Slopes(nn.PReLU):
    """PReLU in the precision of its input."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return functional.prelu(x, self.weight.to(x.dtype))


def _options(words: list[str]) -> dict[int, list[float]]:
    """`0=64` as {0: [64]}, and `-23310=1,0.2`, a counted list, as {10: [0.2]}."""
    options = {}
    for word in words:
        key, _, value = word.partition("=")
        numbers = [float(number) for number in value.split(",")]
        listed = int(key) <= ARRAY_KEYS
        options[ARRAY_KEYS - int(key) if listed else int(key)] = numbers[1:] if listed else numbers
    return options


def _operation(
    kind: str, options: dict[int, list[float]], channels: list[int], weights: _Weights
) -> tuple[Operation, int]:
    """What a layer does, and how many channels it gives."""
    first = int(options.get(0, [0])[0])
    operation: Operation
    match kind:
        case "Convolution":
            operation, given = _convolution(options, channels[0], weights), first
        case "PReLU":
            operation, given = _Slopes(first), first
            operation.weight.data = weights.plain(first)
        case "Concat":
            operation, given = concatenate, sum(channels)
        case "Eltwise" if first == SUM:
            operation, given = weighted_sum(options[1]), channels[0]
        case "BinaryOp" if first == ADDITION:
            operation, given = add, channels[0]
        case "PixelShuffle":
            operation, given = nn.PixelShuffle(first), channels[0] // first**2
        case "Interp" if first == NEAREST:
            operation, given = nearest(int(options[1][0])), channels[0]
        case _:
            raise UnsupportedNetwork(f"ncnn layer {kind} with options {options}")
    return operation, given


def _convolution(options: dict[int, list[float]], inputs: int, weights: _Weights) -> nn.Module:
    outputs, side = int(options[0][0]), int(options[1][0])
    convolution = Convolution(inputs, outputs, side)
    count = convolution.weight.numel()
    convolution.weight.data = weights.tagged(count).view_as(convolution.weight)
    convolution.bias.data = weights.plain(outputs)  # type: ignore[union-attr]
    activation = int(options.get(ACTIVATION, [0])[0])
    if activation == LEAKY:
        return nn.Sequential(convolution, nn.LeakyReLU(options[SLOPE][0], inplace=True))
    if activation:
        raise UnsupportedNetwork(f"ncnn activation {activation}")
    return convolution
