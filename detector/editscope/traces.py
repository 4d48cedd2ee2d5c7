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
RESIDUAL_UNIT = 12.0  # what the filters' centres weigh: kernels of whole numbers, exact in bf16
COEFFICIENT_CLIP = 24.0  # quantised coefficients beyond it carry content, not history
BINNED = 32  # of the 64 frequencies, from the lowest: the others are mostly zero after JPEG
BINS = 21  # 0 to 19, and more: CAT-Net's range (Kwon et al., arXiv 2108.12947)
DCT_CHANNELS = 2 * BLOCK**2 + BINNED * BINS
LUMA = (0.299, 0.587, 0.114)  # ITU-R BT.601, JPEG's own


@cache
def residual_kernels(device: torch.device, dtype: torch.dtype) -> Tensor:
    """Three SRM high-pass filters for each of three channels, (9, 1, 5, 5), times `RESIDUAL_UNIT`.

    With a centre of 1, bf16 would round the largest one's weights to a sum that is not zero.
    """
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
    bank = torch.stack([square5, 3 * square3, 6 * line])
    return bank.repeat(3, 1, 1)[:, None].to(device, dtype)


@cache
def dct_basis(device: torch.device, dtype: torch.dtype) -> Tensor:
    """The orthonormal 8x8 DCT-II as convolution kernels, (64, 1, 8, 8), rows first."""
    n = torch.arange(BLOCK, dtype=torch.float32)
    rows = torch.cos(math.pi / BLOCK * (n[None] + 0.5) * n[:, None]) * math.sqrt(2 / BLOCK)
    rows[0] /= math.sqrt(2)
    basis = torch.einsum("uy,vx->uvyx", rows, rows).reshape(BLOCK**2, 1, BLOCK, BLOCK)
    return basis.to(device, dtype)


@cache
def low_frequencies(device: torch.device) -> Tensor:
    """Which of `dct_basis` are the `BINNED` lowest, by the sum of their two frequencies."""
    order = sorted(range(BLOCK**2), key=lambda n: (sum(divmod(n, BLOCK)), n))
    return torch.tensor(order[:BINNED], device=device)


class NoiseResidual(nn.Module):
    """Three high-pass filters a channel, clamped: (B, 3, H, W) in 0..255 -> (B, 9, H, W) in -1..1.

    The filters are the SRM kernels used for splicing since Zhou et al. (arXiv 1805.04953).
    """

    def forward(self, x: Tensor) -> Tensor:
        padded = F.pad(x, (2, 2, 2, 2), mode="replicate")
        residual = F.conv2d(padded, residual_kernels(x.device, x.dtype), groups=3)
        limit = RESIDUAL_UNIT * RESIDUAL_CLIP
        return residual.clamp(-limit, limit) / limit


class BlockDCT(nn.Module):
    """Luma's 8x8 DCT on the picture's own grid: (B, 3, H, W) in 0..255 -> (B, 800, H/8, W/8).

    The first 64 channels are clipped magnitudes, the next 64 their logarithms. The others say to
    which whole number each of the low frequencies' magnitudes is next, one-hot, frequency by
    frequency: a learned sum over them can tell the combs that quantisation leaves, and double
    quantisation, as CAT-Net's histogram volume does. H and W are multiples of 8, and the array
    starts at a multiple of 8 of the stored picture, or the grid is lost. In float32 throughout:
    bf16 would round the coefficients by more than the finest quantisation steps.
    """

    def forward(self, x: Tensor) -> Tensor:
        with torch.autocast(x.device.type, enabled=False):
            weights = torch.tensor(LUMA, device=x.device, dtype=x.dtype).view(1, 3, 1, 1)
            luma = (x * weights).sum(1, keepdim=True) - 128
            magnitude = F.conv2d(luma, dct_basis(x.device, x.dtype), stride=BLOCK).abs()
        magnitude = magnitude.permute(0, 2, 3, 1)  # channels last, as what follows wants them
        clipped = magnitude.clamp(max=COEFFICIENT_CLIP) / COEFFICIENT_CLIP
        low = magnitude[..., low_frequencies(x.device)].round().clamp(max=BINS - 1).long()
        first = torch.arange(0, BINNED * BINS, BINS, device=x.device)
        amp = torch.is_autocast_enabled(x.device.type)
        dtype = torch.get_autocast_dtype(x.device.type) if amp else x.dtype
        nearest = torch.zeros(*low.shape[:3], BINNED * BINS, device=x.device, dtype=dtype)
        nearest = nearest.scatter(3, low + first, 1.0)
        dense = torch.cat([clipped, torch.log1p(magnitude) / 3], 3).to(dtype)
        return torch.cat([dense, nearest], 3).permute(0, 3, 1, 2)
