"""The strength of the noise, block by block, from the finest diagonal wavelet coefficients.

Robust median estimate of Donoho & Johnstone 1994; blocks compared as in Mahdian & Saic 2009, "Using
noise inconsistencies for blind image forensics".
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from detector.evidence.drawing import coloured, legend
from detector.evidence.exhibit import Exhibit
from detector.evidence.pixels import luma

SIDES = (64, 32, 16)  # pixels a block: the largest that leaves enough blocks to compare
BAND = 512  # rows worked through at once, a multiple of every side
ENOUGH = 600  # blocks across the picture
MAD = 0.6745  # median of the absolute values of a normal distribution of unit spread
CLIPPED = (4, 251)  # levels beyond which the sensor, not the noise, decides


def look(image: NDArray[np.uint8], _: bytes) -> Exhibit:
    """Map the noise of (H, W, 3); each block of 16 to 64 pixels is one cell."""
    height, width = image.shape[:2]
    side = next((s for s in SIDES if (height // s) * (width // s) >= ENOUGH), SIDES[-1])
    rows, columns = height // side, width // side
    if not (rows and columns):
        return Exhibit(f"The picture is too small: noise is measured in blocks of {side} pixels.")
    grey = luma(image)[: rows * side, : columns * side]
    bands = range(0, len(grey), BAND)
    levels = np.concatenate([noise_levels(grey[top : top + BAND], side) for top in bands])
    mean = cv2.resize(grey, (columns, rows), interpolation=cv2.INTER_AREA)
    usable = (mean > CLIPPED[0]) & (mean < CLIPPED[1])
    seen = levels[usable] if usable.any() else levels.ravel()
    low, middle, high = (float(value) for value in np.percentile(seen, (5, 50, 95)))
    top = max(float(np.percentile(levels, 98)), 1.0)
    scale = max(1, 800 // max(rows, columns))
    shown = cv2.resize(coloured(levels, 0, top), None, fx=scale, fy=scale, interpolation=0)
    return Exhibit(
        f"Noise in blocks of {side} x {side} pixels: {middle:.2f} of 255 levels in the middle, "
        f"nine tenths between {low:.2f} and {high:.2f}.",
        np.asarray(shown, np.uint8),
        legend(0, top, "standard deviation of the noise, levels"),
        figures={"median": middle, "low": low, "high": high, "block": side},
        warnings=(
            ()
            if middle >= 0.3
            else ("Most blocks have no noise at all: the map shows little here.",)
        ),
    )


def noise_levels(grey: NDArray[np.uint8], side: int) -> NDArray[np.float64]:
    """Standard deviation of the noise of each square of `side` (even) pixels of (H, W), in levels.

    H and W are multiples of `side`.
    """
    signed = grey.astype(np.int16)
    diagonal = signed[::2, ::2] - signed[::2, 1::2] - signed[1::2, ::2] + signed[1::2, 1::2]
    half = side // 2
    rows, columns = (length // half for length in diagonal.shape)
    cells = np.abs(diagonal).reshape(rows, half, columns, half).swapaxes(1, 2)
    # Whole numbers repeat so often that their median would jump: one of the sorted middle is taken
    flat = np.sort(cells.reshape(rows, columns, -1), axis=2)
    count = flat.shape[2]
    middle = flat[..., count * 2 // 5 : count * 3 // 5].mean(axis=2, dtype=np.float64)
    return np.asarray(middle / 2 / MAD)  # Haar's orthonormal diagonal is half the sum
