"""From features of a picture of any size to the vector that the label head sees.

Plain means say what the whole picture is like, means over suspect cells what is odd about them, and
means of the map's highest values how odd they are; so a small region still counts. All but the last
add up over tiles.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import torch
from torch import Tensor

TOP_FRACTIONS = (0.01, 0.05, 0.2)  # of the map's cells: small, middling and large regions
SUSPICION_FLOOR = 1e-3  # keeps the mean over suspect cells defined where there are none
VARIANCE_FLOOR = (
    1e-6  # keeps the gradient of a spread finite where a feature is the same everywhere
)


class Pooled(NamedTuple):
    """Means over the cells of a tile; those of several tiles are averaged by their area.

    Attributes:
        features: (B, C) of trunk, JPEG-grid, anomaly and noise branch and decoder.
        suspects: (B, D) of the decoder's features times the probability of manipulation.
        suspicion: (B, 1) of that probability.
    """

    features: Tensor
    suspects: Tensor
    suspicion: Tensor


def pool(finest: Tensor, deepest: Tensor, noise: Tensor, scores: Tensor) -> Pooled:
    """Means of one tile.

    Args:
        finest: (B, C, H, W), the decoder's features.
        deepest: (B, D, H/8, W/8), what the decoder gets at stride 32.
        noise: (B, E, H/4, W/4), the noise branch's features at stride 16.
        scores: (B, 3, H, W), the map's logits.
    """
    suspicion = 1 - torch.softmax(scores, 1)[:, :1]
    weights = torch.cat([torch.ones_like(suspicion), suspicion], 1)
    fine = _weighted_means(finest, weights)
    means = [deepest.float().mean((2, 3)), noise.float().mean((2, 3)), fine[:, 0]]
    return Pooled(torch.cat(means, 1), fine[:, 1], suspicion.mean((2, 3)))


def describe(pooled: Pooled, cells: Tensor) -> Tensor:
    """The vector of a picture from its means and its map's cells, (B, 3, cells): (B, V) float32."""
    log_odds = cells[:, 1:] - cells[:, :1]  # edited and synthesized against pristine
    counts = [math.ceil(log_odds.shape[2] * part) for part in TOP_FRACTIONS]
    ranked = log_odds.topk(max(counts), dim=2).values  # as sorted, for less
    tops = [ranked[..., :count].mean(2) for count in counts]
    shares = torch.softmax(cells, 1).mean(2)
    suspects = pooled.suspects / (pooled.suspicion + SUSPICION_FLOOR)
    return torch.cat([pooled.features, suspects, *tops, shares], 1)


def _weighted_means(x: Tensor, weights: Tensor) -> Tensor:
    """Means over cells of (B, C, H, W) with weights (B, K, H, W): (B, K, C) float32."""
    cells = x.permute(0, 2, 3, 1).flatten(1, 2).float()
    with torch.autocast(x.device.type, enabled=False):
        sums: Tensor = weights.flatten(2) @ cells
    return sums / cells.shape[1]
