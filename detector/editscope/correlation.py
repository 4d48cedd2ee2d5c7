"""Self-correlation: where a picture resembles itself, which is how copies show."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from detector.editscope.trunk import conv, norm

EXCLUDED = 4  # cells of 8 pixels around a cell: they overlap what it sees
CORRELATION_CHANNELS = 3  # similarity, agreement, and their product
DENSE = 4096  # cells, 512 x 512 pixels: above, every second row and column is a candidate
AGREEMENT = 1.0  # cells by which neighbours' matches may part: gentle rotation and scaling


class SelfCorrelation(nn.Module):
    """How much each cell at stride 8 resembles its best match elsewhere in the picture.

    The similarity follows BusterNet's self-correlation (Wu et al., ECCV 2018). Repetition is common
    in honest pictures; a copy is what whole neighbourhoods have in common with one other place, so
    the second channel says how many of a cell's neighbours found their match at the same
    displacement (dense-field matching, Cozzolino et al., IEEE TIFS 2015).
    (B, C, h, w) -> (B, 3, h, w).
    """

    def __init__(self, inputs: int, width: int) -> None:
        super().__init__()
        self.embed = nn.Sequential(conv(inputs, width, 1), norm(width))

    def forward(self, x: Tensor) -> Tensor:
        height, width = x.shape[2:]
        step = 1 if height * width <= DENSE else 2
        unit = F.normalize(self.embed(x).float(), dim=1).to(x.dtype)
        keys = unit[:, :, ::step, ::step].flatten(2)  # (B, C, n)
        columns = torch.arange(width, device=x.device)
        near = (columns[:, None] - columns[::step]).abs() <= EXCLUDED
        rows = [
            _best_match(unit[:, :, row].transpose(1, 2), keys, row, step, near)
            for row in range(height)
        ]
        best = torch.stack([value for value, _ in rows], 1)
        match = torch.stack([index for _, index in rows], 1)  # (B, h, w), numbers of keys
        across = near.shape[1]
        agreement = _agreement(match // across * step, match % across * step).to(best.dtype)
        return torch.stack([best, agreement, best * agreement], 1).to(x.dtype)


def _best_match(
    query: Tensor, keys: Tensor, row: int, step: int, near: Tensor
) -> tuple[Tensor, Tensor]:
    """Highest cosine of one row of cells, (B, w, C), with far keys, and their numbers, (B, w)."""
    scores = query @ keys  # (B, w, n)
    first = max(0, -(-(row - EXCLUDED) // step))
    last = (row + EXCLUDED) // step + 1
    around = scores.unflatten(2, (-1, near.shape[1]))[:, :, first:last]
    around.masked_fill_(near[:, None], -1.0)  # in place: the scores are most of the memory
    return _highest(scores)


def _highest(scores: Tensor) -> tuple[Tensor, Tensor]:
    """`scores.max(2)`; of bf16 on a CPU, where PyTorch takes its time, through NumPy.

    Read as integers, the bits of floats have the floats' order as long as these are not negative.
    """
    if scores.dtype is torch.bfloat16 and scores.is_cpu and not torch.is_grad_enabled():
        index = torch.from_numpy(scores.view(torch.int16).numpy().argmax(2))
        best = scores.gather(2, index[..., None])[..., 0]
        if bool((best >= 0).all()):
            return best, index
    highest: tuple[Tensor, Tensor] = scores.max(2)
    return highest


def _agreement(rows: Tensor, columns: Tensor) -> Tensor:
    """The share of the eight neighbours matched at the same displacement, (B, h, w)."""
    height, width = rows.shape[1:]
    own_row = torch.arange(height, device=rows.device)[:, None]
    own_column = torch.arange(width, device=rows.device)
    shift = torch.stack([rows - own_row, columns - own_column], 1).float()
    around = F.pad(shift, (1, 1, 1, 1), mode="replicate")
    votes = torch.zeros_like(shift[:, 0])
    for dy in range(3):
        for dx in range(3):
            other = around[:, :, dy : dy + height, dx : dx + width]
            votes += ((other - shift).abs().amax(1) <= AGREEMENT).float()
    return (votes - 1) / 8  # a cell agrees with itself
