"""Fold batch normalisation into the convolutions before it: fewer passes over memory."""

from __future__ import annotations

from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_eval


def fold(module: nn.Module) -> None:
    """Merge every convolution followed by its normalisation in a `Sequential`, in place.

    For inference only: the module must be in eval mode.

    Raises:
        AssertionError: a normalisation is in training mode.
    """
    for child in module.children():
        if isinstance(child, nn.Sequential):
            layers = list(child)
            for index in range(len(layers) - 1):
                first, second = layers[index], layers[index + 1]
                if isinstance(first, nn.Conv2d) and isinstance(second, nn.BatchNorm2d):
                    child[index], child[index + 1] = fuse_conv_bn_eval(first, second), nn.Identity()
        fold(child)
