"""From the maps of several views to one, of the right size and without specks."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from detector.editscope.network import MAP_STRIDE

MIN_REGION = 0.0008  # of the picture: smaller islands of the mask are noise more often than not
PEAK_SHARE = 0.8  # of 100 edits found in calibration pictures F1 .58 -> .61; .8 to .95 were alike


def joined(maps: list[NDArray[np.float32]]) -> NDArray[np.float32]:
    """The mean of maps, (C, h, w) each, at the size of the first."""
    first, *others = maps
    total = first.copy()
    for other in others:
        for channel, values in enumerate(other):
            resized = Image.fromarray(values).resize(
                (first.shape[2], first.shape[1]), Image.Resampling.BILINEAR
            )
            total[channel] += np.asarray(resized)
    return np.asarray(np.divide(total, len(maps), out=total), np.float32)


def fitted(cells: NDArray[np.float32], height: int, width: int) -> NDArray[np.float32]:
    """Drop what the last row and column of cells see beyond the picture, by resampling."""
    if height % MAP_STRIDE == 0 and width % MAP_STRIDE == 0:
        return cells
    box = (0.0, 0.0, width / MAP_STRIDE, height / MAP_STRIDE)
    image = Image.fromarray(cells)
    return np.asarray(image.resize(image.size, Image.Resampling.BILINEAR, box=box))


def cleaned(manipulation: NDArray[np.float32], threshold: float) -> NDArray[np.float32]:
    """Lower to the threshold islands above it that are specks, or far weaker than the strongest.

    Specks cover less than `MIN_REGION` of the map; weak ones nowhere reach `PEAK_SHARE` of the
    highest value of the others. So a region is outlined at a low threshold, as in Canny's
    hysteresis, and what else passes that by chance is not.
    """
    above = (manipulation > threshold).astype(np.uint8)
    count, regions = cv2.connectedComponents(above, connectivity=4)
    if count == 1:  # nothing but what surrounds islands
        return manipulation
    large = np.bincount(np.ravel(regions)) >= MIN_REGION * manipulation.size
    large[0] = False
    inside = np.where(large[regions], manipulation, 0)
    strong = np.zeros(count, np.bool_)
    strong[regions[inside >= PEAK_SHARE * inside.max()]] = True
    kept = strong & large
    return np.where(kept[regions], manipulation, np.minimum(manipulation, threshold))
