"""Fixed front ends that show a network what retouching disturbs: noise and JPEG coefficients.

The filters are functions, not buffers: transformers builds models without memory and fills in what
the checkpoint holds, so that constants kept as buffers would stay undefined.
"""

from __future__ import annotations

import math
from functools import cache

import torch
import torch.nn.functional as F
from torch import Tensor, nn

BLOCK = 8  # JPEG's block side in pixels
RESIDUAL_CLIP = 3.0  # residuals beyond 3 of 255 levels are edges, not noise (Fridrich & Kodovsky)
COEFFICIENT_CLIP = 24.0  # quantised coefficients beyond it carry content, not history
LUMA = (0.299, 0.587, 0.114)  # ITU-R BT.601, JPEG's own


@cache
def residual_kernels(device: torch.device, dtype: torch.dtype) -> Tensor:
    """Three SRM high-pass filters with a unit centre, for each of three channels: (9, 1, 5, 5)."""
    square5 = torch.tensor(
        [
            [-1, 2, -2, 2, -1],
            [2, -6, 8, -6, 2],
            [-2, 8, -12, 8, -2],
            [2, -6, 8, -6, 2],
            [-1, 2, -2, 2, -1],
        ]
    )
    square3 = F.pad(torch.tensor([[-1, 2, -1], [2, -4, 2], [-1, 2, -1]]), (1, 1, 1, 1))
    line = torch.zeros(5, 5)
    line[2, 1:4] = torch.tensor([1.0, -2.0, 1.0])
    bank = torch.stack([square5 / 12, square3 / 4, line / 2])
    return bank.repeat(3, 1, 1)[:, None].to(device, dtype)


@cache
def dct_basis(device: torch.device, dtype: torch.dtype) -> Tensor:
    """The orthonormal 8x8 DCT-II as convolution kernels, (64, 1, 8, 8), rows first."""
    n = torch.arange(BLOCK, dtype=torch.float32)
    rows = torch.cos(math.pi / BLOCK * (n[None] + 0.5) * n[:, None]) * math.sqrt(2 / BLOCK)
    rows[0] /= math.sqrt(2)
    basis = torch.einsum("uy,vx->uvyx", rows, rows).reshape(BLOCK**2, 1, BLOCK, BLOCK)
    return basis.to(device, dtype)


class NoiseResidual(nn.Module):
    """Three high-pass filters a channel, clamped: (B, 3, H, W) in 0..255 -> (B, 9, H, W) in -1..1.

    The filters are the SRM kernels used for splicing since Zhou et al. (arXiv 1805.04953).
    """

    def forward(self, x: Tensor) -> Tensor:
        padded = F.pad(x, (2, 2, 2, 2), mode="replicate")
        residual = F.conv2d(padded, residual_kernels(x.device, x.dtype), groups=3)
        return residual.clamp(-RESIDUAL_CLIP, RESIDUAL_CLIP) / RESIDUAL_CLIP


class BlockDCT(nn.Module):
    """Luma's 8x8 DCT on the picture's own grid: (B, 3, H, W) in 0..255 -> (B, 128, H/8, W/8).

    The first 64 channels are clipped magnitudes, the others their logarithms. H and W are multiples
    of 8, and the array starts at a multiple of 8 of the stored picture, or the grid is lost.
    """

    def forward(self, x: Tensor) -> Tensor:
        weights = torch.tensor(LUMA, device=x.device, dtype=x.dtype).view(1, 3, 1, 1)
        luma = (x * weights).sum(1, keepdim=True) - 128
        magnitude = F.conv2d(luma, dct_basis(x.device, x.dtype), stride=BLOCK).abs()
        clipped = magnitude.clamp(max=COEFFICIENT_CLIP) / COEFFICIENT_CLIP
        return torch.cat([clipped, torch.log1p(magnitude) / 3], 1)
