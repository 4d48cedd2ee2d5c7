"""Pictures whose history is known, since it is made here."""

from __future__ import annotations

import io

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from detector.imaging import decode

Picture = NDArray[np.uint8]


class Studio:
    """Takes pictures that were never compressed, and saves them."""

    @staticmethod
    def scene(height: int = 512, width: int = 640, seed: int = 0, noise: float = 3.0) -> Picture:
        """Shapes and texture of every scale, as photos have, with a camera's grain."""
        rng = np.random.default_rng(seed)
        canvas = np.full((height, width, 3), 110.0)
        for scale in (1, 2, 4, 8, 16, 32):  # blurred, not enlarged, which would leave its trace
            layer = rng.normal(size=(height, width, 3)).astype(np.float32)
            layer = 0.9 * layer.mean(axis=2, keepdims=True) * 1.7 + 0.1 * layer  # greyish
            canvas += cv2.GaussianBlur(layer, (0, 0), scale) * (7 * scale**1.5)
        for _ in range(12):
            centre = [int(rng.integers(0, side)) for side in (width, height)]
            axes = [int(rng.integers(10, 90)) for _ in range(2)]
            colour = [float(v) for v in rng.uniform(40, 210, 3)]
            layer = canvas.copy()
            cv2.ellipse(layer, centre, axes, float(rng.uniform(0, 180)), 0, 360, colour, -1)
            canvas = 0.5 * canvas + 0.5 * layer
        canvas += rng.normal(0, noise, canvas.shape)
        return np.clip(np.rint(canvas), 0, 255).astype(np.uint8)

    @staticmethod
    def jpeg(image: Picture, quality: int) -> bytes:
        buffer = io.BytesIO()
        Image.fromarray(image).save(buffer, "JPEG", quality=quality)
        return buffer.getvalue()

    def saved(self, image: Picture, quality: int) -> Picture:
        return decode(self.jpeg(image, quality))


@pytest.fixture(scope="session")
def studio() -> Studio:
    return Studio()


@pytest.fixture(scope="session")
def scene(studio: Studio) -> Picture:
    return studio.scene()
