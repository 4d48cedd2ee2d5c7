"""What the network is asked for: a three-class map, whole regions, and the label."""

from __future__ import annotations

from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from detector.editscope.modeling import MAP_STRIDE, Output

CLASS_WEIGHTS = (1.0, 2.0, 1.0)  # edited pixels are the rarest: 32 % of samples, 10 % of their area
DICE_SMOOTH = 1.0  # cells: keeps the ratio defined for an empty region
LABEL_WEIGHT = 1.0  # of the label's cross-entropy beside the map's
DICE_WEIGHT = 0.5  # likewise for the regions
LABEL_SMOOTHING = 0.02  # web pictures are not proven unedited


class Losses(NamedTuple):
    """Scalars; `total` is what is minimised."""

    total: Tensor
    map: Tensor
    dice: Tensor
    label: Tensor


def targets(mask: Tensor) -> Tensor:
    """(B, H, W) class numbers -> (B, 3, H/4, W/4): the share of each class in each cell."""
    one_hot = F.one_hot(mask.long(), 3).permute(0, 3, 1, 2).float()
    return F.avg_pool2d(one_hot, MAP_STRIDE)


def losses(output: Output, mask: Tensor, label: Tensor) -> Losses:
    """Compare with masks (B, H, W) of class numbers and labels (B,)."""
    truth = targets(mask)
    weights = torch.tensor(CLASS_WEIGHTS, device=truth.device)
    pixel = F.cross_entropy(output.map, truth, weight=weights)
    manipulated = 1 - torch.softmax(output.map, 1)[:, 0]
    wanted = 1 - truth[:, 0]
    overlap = 2 * (manipulated * wanted).sum((1, 2)) + DICE_SMOOTH
    ratio = overlap / (manipulated.sum((1, 2)) + wanted.sum((1, 2)) + DICE_SMOOTH)
    local = (label >= 2).float()
    dice = ((1 - ratio) * local).sum() / local.sum().clamp(min=1)
    named = F.cross_entropy(output.labels, label, label_smoothing=LABEL_SMOOTHING)
    return Losses(pixel + DICE_WEIGHT * dice + LABEL_WEIGHT * named, pixel, dice, named)
