"""The network: an ImageNet trunk, a noise and a JPEG-grid branch, self-correlation and anomaly.

Five views of the same pixels meet in a small feature pyramid at strides 4 to 32. From it come a
three-class map (pristine / edited / synthesized) at stride 4 and, by `pooling`, the four labels.

Pure PyTorch: `modeling` makes a transformers model of it for training. Serving goes without, since
importing transformers' models takes 3 s and 150 MB.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import torch
import torch.nn.functional as F
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn

from detector.editscope.anomaly import Anomaly
from detector.editscope.correlation import CORRELATION_CHANNELS, SelfCorrelation
from detector.editscope.parameters import Parameters
from detector.editscope.pooling import TOP_FRACTIONS, Pooled, describe, pool
from detector.editscope.traces import DCT_CHANNELS, BlockDCT, NoiseResidual
from detector.editscope.trunk import TAP_CHANNELS, Trunk, block, conv, norm

WEIGHTS = "model.safetensors"
MAP_STRIDE = 4  # pixels of the picture per cell of the map


class Output(NamedTuple):
    """Raw scores for a batch.

    Attributes:
        labels: (B, 4) logits in the order of `Labels`.
        map: (B, 3, H/4, W/4) logits: pristine, edited, synthesized.
    """

    labels: Tensor
    map: Tensor


class Parts(NamedTuple):
    """The convolutions, before and after the comparisons: `Network`'s `encode` and `decode`."""

    encode: Callable[..., tuple[Tensor, ...]]
    decode: Callable[..., tuple[Tensor, Tensor]]


class Residual(nn.Module):
    """Two 3x3 convolutions with an identity around them."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.body = nn.Sequential(
            block(channels, channels), conv(channels, channels), norm(channels)
        )

    def forward(self, x: Tensor) -> Tensor:
        return F.relu(x + self.body(x))


class NoiseBranch(nn.Module):
    """Noise residuals -> features at strides 2, 4, 8, 16."""

    def __init__(self, widths: tuple[int, ...]) -> None:
        super().__init__()
        self.residual = NoiseResidual()
        self.stem = block(9, widths[0], 5, 2)
        self.levels = nn.ModuleList(
            nn.Sequential(block(a, b, 3, 2), Residual(b)) for a, b in pairwise(widths)
        )

    def forward(self, x: Tensor) -> list[Tensor]:
        features = [self.stem(self.residual(x))]
        for level in self.levels:
            features.append(level(features[-1]))
        return features


class Network(nn.Module):
    """(B, 3, H, W) float RGB in 0..255, H and W multiples of 32 -> `Output`."""

    config: Parameters

    def __init__(self, config: Parameters) -> None:
        super().__init__()
        self.config = config
        self.add_layers()

    @classmethod
    def load(cls, folder: Path) -> Network:
        """The network of a model's folder, in float32 and in eval mode.

        Raises:
            OSError: a file is missing or damaged, or the two do not belong together.
        """
        network = cls(Parameters.read(folder))
        try:
            network.load_state_dict(load_file(folder / WEIGHTS))  # casts what is stored in fp16
        except (SafetensorError, RuntimeError) as error:
            raise OSError(f"{folder / WEIGHTS} is damaged: {error}") from error
        return network.eval()

    def add_layers(self) -> None:
        """Everything with weights; apart from `__init__`, which `modeling` has to go without."""
        config = self.config
        width = config.decoder_width
        noise = tuple(config.noise_widths)
        self.trunk = Trunk()
        self.noise = NoiseBranch(noise)
        self.dct = BlockDCT()
        self.grid = nn.Sequential(
            block(DCT_CHANNELS, config.grid_width, 1), block(config.grid_width, config.grid_width)
        )
        matter = TAP_CHANNELS[1] + TAP_CHANNELS[2]
        self.correlation = SelfCorrelation(matter, config.correlation_width)
        strange = config.anomaly_width
        self.anomaly = Anomaly(noise[2] + config.grid_width, strange)
        inputs = (
            TAP_CHANNELS[1] + noise[1],
            TAP_CHANNELS[2] + noise[2] + config.grid_width + CORRELATION_CHANNELS + strange,
            TAP_CHANNELS[3] + noise[3] + config.grid_width + strange,
            TAP_CHANNELS[4] + config.grid_width + strange,
        )
        self.lateral = nn.ModuleList(block(count, width, 1) for count in inputs)
        self.smooth = nn.ModuleList(block(width, width) for _ in inputs)
        self.refine = Residual(width)
        self.map_head = nn.Conv2d(width, 3, 1)
        pooled = inputs[3] + noise[3] + 2 * width + 2 * len(TOP_FRACTIONS) + 3
        self.label_head = nn.Sequential(
            nn.Linear(pooled, config.head_width),
            nn.ReLU(inplace=True),
            nn.Dropout(config.dropout),
            nn.Linear(config.head_width, 4),
        )

    def forward(self, pixels: Tensor) -> Output:
        scores, pooled = self.inspect(pixels)
        return Output(self.classify(pooled, scores.flatten(2)), scores)

    def inspect(self, pixels: Tensor, parts: Parts | None = None) -> tuple[Tensor, Pooled]:
        """The map of one tile, and the means over it that `classify` takes.

        Args:
            pixels: (B, 3, H, W).
            parts: what stands in for `encode` and `decode`, see `backends`.
        """
        encode, decode = parts or Parts(self.encode, self.decode)
        fine, middle, coarse, deepest = self.compare(pixels, encode(pixels))
        x, scores = decode(fine, middle, coarse, deepest)
        scores = scores.float()
        first = TAP_CHANNELS[3]
        noise = coarse[:, first : first + self.config.noise_widths[3]]
        return scores, pool(x, deepest, noise, scores)

    def encode(self, pixels: Tensor) -> tuple[Tensor, ...]:
        """Features at strides 4, 8, 16 and 32, and at 8 what is compared with itself."""
        trunk, noise, grid = self.features(pixels)
        return (
            torch.cat([trunk[1], noise[1]], 1),
            torch.cat([trunk[2], noise[2], grid], 1),
            torch.cat([trunk[3], noise[3], F.avg_pool2d(grid, 2)], 1),
            torch.cat([trunk[4], F.avg_pool2d(grid, 4)], 1),
            torch.cat([F.avg_pool2d(trunk[1], 2), trunk[2]], 1),
        )

    def compare(self, pixels: Tensor, encoded: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        """What `encode` gave, with what comes of comparing a place with all the others."""
        fine, middle, coarse, deepest, matter = encoded
        traces = middle[:, TAP_CHANNELS[2] :]
        strange = self.anomaly(pixels, traces)
        repeated = self.correlation(matter).contiguous(memory_format=torch.channels_last)
        return (
            fine,
            torch.cat([middle, repeated, strange], 1),
            torch.cat([coarse, F.avg_pool2d(strange, 2)], 1),
            torch.cat([deepest, F.avg_pool2d(strange, 4)], 1),
        )

    def decode(self, *levels: Tensor) -> tuple[Tensor, Tensor]:
        """The pyramid's finest level, (B, C, H/4, W/4), and the map's logits there."""
        laterals = [layer(level) for layer, level in zip(self.lateral, levels, strict=True)]
        x = self.smooth[3](laterals[3])
        for index in (2, 1, 0):
            upsampled = F.interpolate(x, scale_factor=2.0, mode="nearest")
            x = self.smooth[index](laterals[index] + upsampled)
        x = self.refine(x)
        return x, self.map_head(x)

    def classify(self, pooled: Pooled, cells: Tensor) -> Tensor:
        """Label logits (B, 4) from means over a picture and its map's cells, (B, 3, cells)."""
        vector = describe(pooled, cells)
        with torch.autocast(vector.device.type, enabled=False):
            logits: Tensor = self.label_head(vector)
        return logits

    def features(self, pixels: Tensor) -> tuple[list[Tensor], list[Tensor], Tensor]:
        """The trunk's five levels, the noise branch's four and the JPEG-grid features."""
        device = pixels.device.type
        # On CPUs the gradients of depthwise convolutions take three times as long in bf16.
        slow = device == "cpu" and torch.is_grad_enabled()
        with torch.autocast(device, enabled=not slow and torch.is_autocast_enabled(device)):
            trunk = self.trunk((pixels - 127.0) / 128.0)
        return trunk, self.noise(pixels), self.grid(self.dct(pixels))
