"""A network given as a list of steps, as file formats of exported networks describe it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias, TypeVar

import torch
from torch import nn

from detector.device import has_bf16

Operation: TypeAlias = Callable[..., torch.Tensor]
Drawing = TypeVar("Drawing", bound=nn.Module)


class UnsupportedNetwork(ValueError):
    """The file holds something that its reader does not know."""


@dataclass(frozen=True)
class Step:
    """`operation` applied to the tensors called `inputs`; the result is called `output`."""

    output: str
    inputs: tuple[str, ...]
    operation: Operation


class Convolution(nn.Conv2d):
    """A convolution that takes its input in any precision and keeps the picture's size."""

    def __init__(
        self, inputs: int, outputs: int, side: int = 3, stride: int = 1, bias: bool = True
    ):
        super().__init__(inputs, outputs, side, stride, padding=side // 2, bias=bias)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return super().forward(x.to(self.weight.dtype))


class Graph(nn.Module):
    """Pictures (N, 3, H, W), 0..1, to (N, 3, sH, sW), about 0..1, with a whole factor s.

    Steps come in an order in which they can be taken; the last one gives the result.
    """

    def __init__(self, steps: Sequence[Step], name: str) -> None:
        super().__init__()
        self.steps, self.input = tuple(steps), name
        self.parts = nn.ModuleList(s.operation for s in steps if isinstance(s.operation, nn.Module))
        last = {name: i for i, step in enumerate(steps) for name in step.inputs}
        self._spent = [[name for name, i in last.items() if i == k] for k in range(len(steps))]

    def forward(self, picture: torch.Tensor) -> torch.Tensor:
        tensors = {self.input: picture}
        for step, spent in zip(self.steps, self._spent, strict=True):
            tensors[step.output] = step.operation(*(tensors[name] for name in step.inputs))
            for name in spent:  # or a large picture would fill the memory
                del tensors[name]
        return tensors[self.steps[-1].output]


def concatenate(*tensors: torch.Tensor) -> torch.Tensor:
    return torch.cat(tensors, 1)


def nearest(factor: int) -> Operation:
    return nn.Upsample(scale_factor=factor, mode="nearest")


def add(*tensors: torch.Tensor) -> torch.Tensor:
    return sum(tensors[1:], start=tensors[0])


def weighted_sum(weights: Sequence[float]) -> Operation:
    def operation(*tensors: torch.Tensor) -> torch.Tensor:
        return add(*(t if w == 1 else t * w for t, w in zip(tensors, weights, strict=True)))

    return operation


def to_bf16(network: Drawing) -> Drawing:
    """Inner convolutions in bfloat16; the first and the last one would lose grey levels in it."""
    convolutions = [part for part in network.modules() if isinstance(part, Convolution)]
    for convolution in convolutions[1:-1]:
        convolution.to(torch.bfloat16)
    return network


def quickened(network: Drawing) -> Drawing:
    """Ready to draw: in bfloat16 inside where that is quicker, and not for training."""
    bf16 = has_bf16(torch.device("cpu"))  # emulated, a round trip took six times as long
    return (to_bf16(network) if bf16 else network).eval()
