"""Where a picture's pixels say too little for any detector: a map and the reasons, in shares.

It looks at the pixels alone, never at the model: it is neither the model's own uncertainty nor a
probability of error. A low value says that traces of editing could hardly survive here, whatever
was done; a high value says only that none of the reasons below applies. A block grid that a crop
has shifted is not seen.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

MAX_CELLS = 128  # on the longer side: 3 million pixels are looked at, however large the picture
PATCH = 16  # pixels, square: two JPEG blocks, so that one seam runs through its middle
FLAT = (2.0, 0.7)  # standard deviation of luma, 0..255: below the second no grain is left
CLIPPED = (0.25, 0.75)  # share of a cell's pixels that are pure black or pure white
DARK, LIGHT = 4, 251  # of 255: JPEG blurs pure black and white by as much
SEAM = (1.6, 3.0)  # step over a block's seam to the step inside: 1.0 uncompressed, 2.5 at JPEG 10
SEAM_FLOOR = 0.5  # grey levels added to both steps: no ratio of rounding errors
SMALL = (256, 64)  # pixels of the shorter side: below the second hardly a trace fits in
LUMA = np.array([0.299, 0.587, 0.114], dtype=np.float32)  # ITU-R BT.601


@dataclass(frozen=True, slots=True)
class Reliability:
    """How far the pixels can carry a verdict.

    Attributes:
        score: (h, w) float32, 0 nothing can be judged .. 1 nothing speaks against it; cells are
            square and cover the picture from its upper left corner, the last ones in part.
        flat, clipped, compressed: the shares of the picture, 0..1, where that reason holds.
        small: 0 large enough .. 1 far too small; holds for the whole picture.
    """

    score: NDArray[np.float32]
    flat: float
    clipped: float
    compressed: float
    small: float


def measure(image: NDArray[np.uint8]) -> Reliability:
    """Look at (H, W, 3) uint8 RGB in a grid of at most `MAX_CELLS` cells on the longer side."""
    patches = _patches(image)
    height, width = patches.shape[:2]
    extremes = (patches.max(-1) <= DARK) | (patches.min(-1) >= LIGHT)
    clipped = _ramp(extremes.mean(axis=(2, 3), dtype=np.float32), *CLIPPED)
    luma = (patches.astype(np.float32) @ LUMA).astype(np.float32, copy=False)
    flat = _ramp(luma.std(axis=(2, 3)), *FLAT) * (1 - clipped)
    compressed = _ramp(_seams(luma), *SEAM)
    small = float(_ramp(np.float32(min(image.shape[:2])), *SMALL))
    score = (1 - flat) * (1 - clipped) * (1 - compressed) * (1 - small)
    return Reliability(
        score.reshape(height, width).astype(np.float32),
        flat=float((flat > 0.5).mean()),
        clipped=float((clipped > 0.5).mean()),
        compressed=float((compressed > 0.5).mean()),
        small=small,
    )


def _patches(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The upper left `PATCH` pixels of each cell at full resolution, (h, w, P, P, 3)."""
    height, width = image.shape[:2]
    cell = PATCH * -(-max(height, width) // (MAX_CELLS * PATCH))
    # cells at the lower and right border are moved in, on the block grid, to lie in the picture
    rows = _starts(height, cell)[:, None] + np.arange(PATCH)
    columns = _starts(width, cell)[:, None] + np.arange(PATCH)
    rows, columns = np.minimum(rows, height - 1), np.minimum(columns, width - 1)
    patches: NDArray[np.uint8] = image[rows[:, None, :, None], columns[None, :, None, :]]
    return patches


def _starts(length: int, cell: int) -> NDArray[np.intp]:
    last = max(0, (length - PATCH) // 8 * 8)
    return np.minimum(np.arange(0, length, cell), last)


def _seams(luma: NDArray[np.float32]) -> NDArray[np.float32]:
    """Steps over the seams of JPEG's 8 x 8 blocks against steps inside, (h, w), about 1 without.

    After Wang, Sheikh and Bovik, "No-reference perceptual quality assessment of JPEG compressed
    images", 2002; averaged over 5 x 5 cells, since one cell's content may have an edge there.
    """
    from scipy import ndimage  # so that the service starts without it

    steps = np.abs(np.diff(luma, axis=3)).mean(axis=2) + np.abs(np.diff(luma, axis=2)).mean(axis=3)
    seam = ndimage.uniform_filter(steps[..., PATCH // 2 - 1], 5)
    inside = ndimage.uniform_filter(np.delete(steps, PATCH // 2 - 1, axis=2).mean(axis=2), 5)
    ratio = (seam + SEAM_FLOOR) / (inside + SEAM_FLOOR)
    return ratio.astype(np.float32, copy=False)


def _ramp(values: NDArray[np.float32] | np.float32, none: float, full: float) -> Any:
    """0 at `none`, 1 at `full`, straight between them, whichever is larger."""
    return np.clip((values - none) / (full - none), 0.0, 1.0)
