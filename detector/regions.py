"""The connected regions of a mask: where each lies, how large it is, how sure the detector was."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

MAX_SIDE = 1600  # cells: larger masks are counted in blocks, so that labelling stays a fraction
EIGHT = np.ones((3, 3), dtype=bool)  # pixels that touch at a corner are one region


@dataclass(frozen=True, slots=True)
class Region:
    """One connected region.

    Attributes:
        box: top, left, bottom, right as shares 0..1 of the picture's height and width.
        share: of the picture's pixels, 0..1; the region's own pixels, not its box.
        score: the mean of the detector's map inside it, 0..1; None without a map.
    """

    box: tuple[float, float, float, float]
    share: float
    score: float | None


def find_regions(
    mask: NDArray[np.bool_], manipulation: NDArray[np.float32] | None = None
) -> list[Region]:
    """The regions of `mask`, largest first.

    Masks with a side above `MAX_SIDE` are counted in square blocks: boxes are then true to a
    block, and regions less than a block apart are one.

    Args:
        mask: (H, W) bool.
        manipulation: (h, w) float, 0..1, of the same aspect: the map that the mask was cut from.
    """
    from scipy import ndimage  # so that the service starts without it

    covered = _covered(mask)
    labels, count = ndimage.label(covered > 0, structure=EIGHT)
    if count == 0:
        return []
    height, width = covered.shape
    numbers = np.arange(1, count + 1)
    shares = ndimage.sum_labels(covered, labels, numbers) / covered.size
    scores: list[float | None] = [None] * count
    if manipulation is not None:
        enlarged = Image.fromarray(np.asarray(manipulation, np.float32)).resize(
            (width, height), Image.Resampling.BILINEAR
        )
        scores = ndimage.mean(np.asarray(enlarged), labels, numbers).tolist()
    regions = [
        Region(
            (
                rows.start / height,
                columns.start / width,
                rows.stop / height,
                columns.stop / width,
            ),
            float(share),
            score,
        )
        for (rows, columns), share, score in zip(
            ndimage.find_objects(labels), shares, scores, strict=True
        )
    ]
    return sorted(regions, key=lambda region: -region.share)


def _covered(mask: NDArray[np.bool_]) -> NDArray[np.float32]:
    """The share of each block that is marked, (h, w), 0..1; blocks of one pixel where it fits."""
    block = -(-max(mask.shape) // MAX_SIDE)
    if block == 1:
        return mask.astype(np.float32)
    levels = Image.fromarray(mask.view(np.uint8) * np.uint8(255)).reduce(block)
    covered: NDArray[np.float32] = np.asarray(levels, dtype=np.float32) / np.float32(255)
    return covered
