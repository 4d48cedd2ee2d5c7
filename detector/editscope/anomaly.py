"""Where a picture's statistics differ from the rest of it: traces that no filter has to know.

What a camera, a program and a file format did to a picture is found everywhere in it; what was put
in brings a history of its own. That some place differs from the others can be seen without having
seen either history before (Cozzolino, Poggi & Verdoliva, "Splicebuster", WIFS 2015; local anomaly
detection in Wu et al., "ManTra-Net", CVPR 2019).
"""

from __future__ import annotations

from functools import cache

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from detector.editscope.traces import BLOCK, LUMA
from detector.editscope.trunk import block

LEVELS = 3  # of quantised residuals: below, near and above zero (T = 1 in Splicebuster)
NEIGHBOURS = 4  # residuals in a row whose joint histogram is taken, as in Splicebuster
CODES = LEVELS**NEIGHBOURS
RESIDUALS = 4  # see `residuals`
NEAREST = 5  # cells of 8 pixels a side that share a histogram: 1,600 pixels for 25 bins
RIDGE = 2.0  # times the mean variance: on 120 calibration pictures 1 to 3 were alike, .1 worse
FITTED = 4096  # cells at most, evenly drawn, that mean and covariance come from
TRIMS = 2  # fits after the first, each without the cells that are least like the others
TRIMMED = 0.15  # the share of these: few manipulations are larger
QUIET = 0.01  # histograms' roots that vary less say nothing
STILL = 0.05  # likewise for learned features, which batch normalisation keeps near 1
TINY = 1e-12  # of a variance: keeps the root's gradient finite
EXTREME = 5.0  # standard deviations: beyond them one place is as strange as another


@cache
def kinds(device: torch.device) -> Tensor:
    """(81,) int32: which of 25 kinds a code is; those that are reversed or negated are one."""
    digits = [[code // LEVELS**k % LEVELS for k in range(NEIGHBOURS)] for code in range(CODES)]
    negated = [[LEVELS - 1 - d for d in row] for row in digits]
    alike = [
        min(row, row[::-1], other, other[::-1]) for row, other in zip(digits, negated, strict=True)
    ]
    order = sorted(set(map(tuple, alike)))
    numbers = [order.index(tuple(row)) for row in alike]
    return torch.tensor(numbers, dtype=torch.int32, device=device)


BINS = 25  # what `kinds` tells apart
STATISTICS = RESIDUALS * BINS


def residuals(pixels: Tensor) -> list[tuple[Tensor, int]]:
    """What is left of (B, 3, H, W) by four high-pass filters, (B, H, W), and along which axis.

    Luma's third differences along rows and along columns, and the Laplacians of both chroma planes.
    """
    planar = pixels.contiguous()  # interleaved colours take twice as long
    red, green, blue = planar.split(1, 1)
    luma = (red * LUMA[0]).add_(green, alpha=LUMA[1]).add_(blue, alpha=LUMA[2])
    chroma = torch.cat([blue - luma, red - luma], 1)
    rows = F.pad(luma, (1, 2, 0, 0), mode="replicate").diff(n=3, dim=3)
    columns = F.pad(luma, (0, 0, 1, 2), mode="replicate").diff(n=3, dim=2)
    planes = F.pad(chroma, (1, 1, 1, 1), mode="replicate").diff(n=2, dim=3).diff(n=2, dim=2)
    return [(rows[:, 0], 2), (columns[:, 0], 1), (planes[:, 0], 2), (planes[:, 1], 1)]


@torch.no_grad()
def co_occurrences(pixels: Tensor) -> Tensor:
    """(B, 3, H, W) in 0..255 -> (B, 100, H/8, W/8) float32: the roots of local histograms.

    Per cell of 8 pixels and its neighbourhood, how often four residuals in a row are below, near or
    above zero in which order. What counts as near is the picture's own mean residual.
    """
    with torch.autocast(pixels.device.type, enabled=False):
        planes = [_histogram(plane, axis) for plane, axis in residuals(pixels.float())]
        shares = torch.cat(planes, 3).permute(0, 3, 1, 2) / BLOCK**2
        return _around(shares, NEAREST).clamp(min=0).sqrt()


def _histogram(residual: Tensor, axis: int) -> Tensor:
    """(B, H, W) -> (B, H/8, W/8, 25): how often each kind of code occurs in a cell."""
    batch, height, width = residual.shape
    unit = residual.abs().mean((1, 2), keepdim=True) + 1e-6
    level = (residual / unit).round_().clamp_(-1, 1).add_(1).to(torch.uint8)
    code = level.clone()
    for step in range(1, NEIGHBOURS):
        code.add_(level.roll(-step, axis), alpha=LEVELS**step)
    kind = kinds(code.device).index_select(0, code.flatten().int())
    rows, columns = height // BLOCK, width // BLOCK
    count = batch * rows * columns * BINS
    cells = torch.arange(0, count, BINS, device=code.device, dtype=torch.int32)
    index = cells.view(batch, rows, 1, columns, 1) + kind.view(batch, rows, BLOCK, columns, BLOCK)
    counts = torch.bincount(index.flatten(), minlength=count)
    return counts.view(batch, rows, columns, BINS).float()


def _around(x: Tensor, side: int) -> Tensor:
    """Means over squares of cells; at the border over what there is of them."""
    return F.avg_pool2d(x, side, 1, side // 2, count_include_pad=False)


@torch.no_grad()
def strangeness(statistics: Tensor) -> Tensor:
    """(B, C, h, w) -> (B, 1, h, w): log(1 + squared Mahalanobis distance over its mean).

    From the mean and covariance of the cells themselves, the least alike left out.
    """
    with torch.autocast(statistics.device.type, enabled=False):
        x = statistics.float().flatten(2).transpose(1, 2)  # (B, n, C)
        some = x[:, :: -(-x.shape[1] // FITTED)]
        weights = torch.ones_like(some[..., :1])
        one = torch.eye(x.shape[2], device=x.device)
        for trim in range(TRIMS + 1):
            total = weights.sum(1, keepdim=True)
            mean = (some * weights).sum(1, keepdim=True) / total
            centred = some - mean
            covariance = (centred * weights).transpose(1, 2) @ centred / total
            spread = covariance.diagonal(dim1=1, dim2=2).mean(1)[:, None, None]
            inverse = torch.linalg.inv(covariance + (RIDGE * spread + 1e-6) * one)
            if trim < TRIMS:
                distance = _squares(centred, inverse)
                limit = torch.quantile(distance, 1 - TRIMMED, dim=1, keepdim=True)
                weights = (distance <= limit).float()
        distance = _squares(x - mean, inverse)
        relative = distance / (distance.mean(1, keepdim=True) + 1e-6)
        strange: Tensor = torch.log1p(relative).transpose(1, 2).unflatten(2, statistics.shape[2:])
        return strange


def _squares(centred: Tensor, inverse: Tensor) -> Tensor:
    """(B, n, 1): squared Mahalanobis lengths of (B, n, C)."""
    lengths: Tensor = torch.linalg.vecdot(centred @ inverse, centred, dim=2)[..., None]
    return lengths


def standardised(x: Tensor, least: float) -> Tensor:
    """By how many standard deviations (B, C, h, w) differs from its means over the cells."""
    x = x.float()
    centred = x - x.mean((2, 3), keepdim=True)
    variance = centred.square().mean((2, 3), keepdim=True)  # `std_mean` takes five times as long
    scale = 1 / ((variance + TINY).sqrt() + least)
    return (centred * scale).clamp(-EXTREME, EXTREME)


class Anomaly(nn.Module):
    """How each cell at stride 8 differs from the picture: (B, width, h, w).

    Args:
        inputs: channels of the learned features that are compared beside the fixed statistics.
        width: channels of the result.
    """

    def __init__(self, inputs: int, width: int) -> None:
        super().__init__()
        self.mix = nn.Sequential(*block(STATISTICS + 1 + inputs, width, 1), *block(width, width))

    def forward(self, pixels: Tensor, features: Tensor) -> Tensor:
        """Of pixels (B, 3, H, W) in 0..255 and features (B, inputs, H/8, W/8)."""
        statistics = co_occurrences(pixels)
        with torch.autocast(pixels.device.type, enabled=False):
            parts = [
                standardised(statistics, QUIET),
                strangeness(statistics),
                standardised(_around(features.float(), 3), STILL),
            ]
            rows = [part.to(features.dtype).permute(0, 2, 3, 1) for part in parts]
            joined = torch.cat(rows, 3).permute(0, 3, 1, 2)  # channels last, as `mix` wants them
        mixed: Tensor = self.mix(joined)
        return mixed
