"""Where a sample is cut out of a finished picture, and at which size."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from training import history
from training.history import Picture

MARGIN = 16  # pixels: further than the filters of a history reach


def resized(
    image: Picture, mask: NDArray[np.uint8], scale: float, size: int, rng: np.random.Generator
) -> tuple[Picture, NDArray[np.uint8]]:
    """Resize picture and mask together; never below the sample's size."""
    scale = max(scale, size / min(image.shape[:2]))
    if abs(scale - 1) < 0.02:
        return image, mask
    image = history.resize(image, scale, rng)
    return image, np.asarray(
        cv2.resize(mask, image.shape[1::-1], interpolation=cv2.INTER_NEAREST), np.uint8
    )


def cut(
    mask: NDArray[np.uint8], size: int, rng: np.random.Generator, local: bool
) -> tuple[slice, slice]:
    """Where to cut the sample: on the 8x8 grid mostly, round a manipulated pixel if `local`."""
    step = 8 if rng.random() < 0.75 else 1
    limits = (mask.shape[0] - size, mask.shape[1] - size)
    corner = [int(rng.integers(0, limit + 1)) for limit in limits]
    if local and mask.any() and rng.random() < 0.9:
        hits = np.flatnonzero(mask)
        pixel = np.unravel_index(int(hits[rng.integers(hits.size)]), mask.shape)
        corner = [  # drawn where it may lie: clipping would pile windows up at the borders
            int(rng.integers(max(0, int(p) - size + 1), min(limit, int(p)) + 1))
            for p, limit in zip(pixel, limits, strict=True)
        ]
    top, left = (c // step * step for c in corner)
    return slice(top, top + size), slice(left, left + size)


def with_margin(
    window: tuple[slice, slice], shape: tuple[int, ...]
) -> tuple[tuple[slice, slice], tuple[slice, slice]]:
    """The window grown to the 8x8 grid and at least MARGIN, and where the window lies in that."""
    outer, inner = [], []
    for span, length in zip(window, shape, strict=True):
        start = max(0, span.start - MARGIN) // 8 * 8
        outer.append(slice(start, min(length, span.stop + MARGIN)))
        inner.append(slice(span.start - start, span.stop - start))
    return (outer[0], outer[1]), (inner[0], inner[1])
