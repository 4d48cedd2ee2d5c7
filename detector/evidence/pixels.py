"""What the views share: brightness, sizes they can afford, and JPEG's 8x8 blocks."""

from __future__ import annotations

import math
from collections.abc import Iterator

import cv2
import numpy as np
from numpy.typing import NDArray

MAX_SIDE = 1600  # of an exhibit: what a laptop shows
BLOCK = 8  # JPEG's block side in pixels
STRIP_PIXELS = 4_000_000  # large pictures are worked through in strips: some ten MB of temporaries
STRIP_ROWS = 16  # strips begin at a multiple of it: JPEG's largest unit


def luma(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """(H, W, 3) uint8 RGB to (H, W) uint8 brightness by ITU-R BT.601, JPEG's own."""
    return np.asarray(cv2.cvtColor(np.ascontiguousarray(image), cv2.COLOR_RGB2GRAY), np.uint8)


def reduction(image: NDArray[np.generic], side: int = MAX_SIDE) -> int:
    """The whole factor by which a picture is reduced to have at most `side` pixels a side."""
    return int(max(1, -(-max(image.shape[:2]) // side)))


def reduced(image: NDArray[np.generic], factor: int) -> NDArray[np.generic]:
    """Average squares of `factor` pixels; a remainder at the lower and right edge is dropped."""
    if factor == 1:
        return image
    height, width = (max(1, side // factor) for side in image.shape[:2])
    whole = np.ascontiguousarray(image[: height * factor, : width * factor])
    return np.asarray(cv2.resize(whole, (width, height), interpolation=cv2.INTER_AREA))


def strips(image: NDArray[np.uint8], factor: int) -> Iterator[NDArray[np.uint8]]:
    """Cut (H, W, 3) into strips which, each `reduced` by `factor`, make the whole picture."""
    height, width = image.shape[:2]
    unit = math.lcm(STRIP_ROWS, factor)
    step = max(1, STRIP_PIXELS // (width * unit)) * unit
    for top in range(0, height, step):
        strip = image[top : top + step]
        if top == 0 or len(strip) >= factor:
            yield np.ascontiguousarray(strip)


def centre(image: NDArray[np.uint8], max_pixels: int) -> NDArray[np.uint8]:
    """The middle of a picture, at most `max_pixels`, on the picture's own grid of blocks (a view).

    For traces of single pixels, which reducing would wipe out.
    """
    height, width = image.shape[:2]
    scale = math.sqrt(max_pixels / (height * width))
    if scale >= 1:
        return image
    rows, columns = (max(1, min(side, int(side * scale))) for side in (height, width))
    rows = min(height, max(1, max_pixels // columns))
    columns = min(width, max_pixels // rows)
    top = (height - rows) // 2 // BLOCK * BLOCK
    left = (width - columns) // 2 // BLOCK * BLOCK
    return image[top : top + rows, left : left + columns]


def blocks(grey: NDArray[np.uint8], max_blocks: int) -> tuple[NDArray[np.float32], int]:
    """Cut (H, W) into 8x8 blocks on its own grid; of too many, every k-th row and column of blocks.

    JPEG codes blocks of brightness one by one, so that those left out are not missed by the others.

    Returns:
        (R, C, 8, 8) float32, empty where there is no whole block; and k.
    """
    rows, columns = (side // BLOCK for side in grey.shape)
    stride = max(1, math.ceil(math.sqrt(rows * columns / max_blocks)))
    whole = grey[: rows * BLOCK, : columns * BLOCK]
    cut = whole.reshape(rows, BLOCK, columns, BLOCK).swapaxes(1, 2)[::stride, ::stride]
    return cut.astype(np.float32), stride


def block_means(values: NDArray[np.generic], side: int) -> NDArray[np.float64]:
    """Mean of (H, W) over squares of `side` pixels; what is left at the edges is dropped."""
    rows, columns = (length // side for length in values.shape)
    cut = values[: rows * side, : columns * side].reshape(rows, side, columns, side)
    return np.asarray(cut.mean(axis=(1, 3), dtype=np.float64))
