"""One file of every kind that the service reads, made from the same picture."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tests import pictures
from tests.pictures import photo

PHOTO = photo()
HEIGHT, WIDTH = PHOTO.shape[:2]
KINDS = pictures.every_kind(PHOTO)
FILES = {name: build() for name, build in KINDS.items()}
SOME = ("png rgb", "png interlaced", "jpeg", "jpeg progressive", "webp", "webp lossless", "bmp")


def difference(a: NDArray[np.uint8], b: NDArray[np.uint8]) -> float:
    return float(np.abs(a.astype(int) - b).mean())
