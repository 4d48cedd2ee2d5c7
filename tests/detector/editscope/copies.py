"""Pictures in which nothing repeats, until a test copies something."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray


def texture(height: int, width: int, seed: int) -> NDArray[np.uint8]:
    """(height, width) uint8: noise of several sizes, as rock or leaves have."""
    rng = np.random.default_rng(seed)
    total = np.zeros((height, width), np.float32)
    for cell in (2, 4, 8, 16):
        shape = (height // cell + 2, width // cell + 2)
        coarse = rng.normal(0, cell**0.5, shape).astype(np.float32)
        total += cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC)
    return np.asarray(np.clip(128 + 20 * total / total.std() * 2, 0, 255), np.uint8)


def coloured(gray: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """(H, W, 3) uint8, three like channels."""
    return np.repeat(gray[..., None], 3, axis=2)
