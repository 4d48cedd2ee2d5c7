"""Pictures to measure with: textured like photographs, of any size, the same in every run."""

from __future__ import annotations

import io

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from soak.inputs import request

ASPECT = 4 / 3
QUALITY = 90  # a camera's usual


def pixels(megapixels: float, seed: int = 0) -> NDArray[np.uint8]:
    """(H, W, 3) uint8: clouds of several scales under fine noise, 4:3."""
    height = max(16, round((megapixels * 1e6 / ASPECT) ** 0.5))
    width = max(16, round(height * ASPECT))
    rng = np.random.default_rng(seed)
    picture = Image.new("RGB", (width, height), (90, 90, 90))
    for cells in (4, 16, 64):
        noise = rng.integers(0, 256, (cells, cells, 3), dtype=np.uint8)
        cloud = Image.fromarray(noise).resize((width, height), Image.Resampling.BICUBIC)
        picture = Image.blend(picture, cloud, 0.4)
    tile = Image.fromarray(rng.integers(0, 256, (256, 256, 3), dtype=np.uint8))
    grain = Image.new("RGB", (width, height))
    for top in range(0, height, 256):
        for left in range(0, width, 256):
            grain.paste(tile, (left, top))
    return np.asarray(Image.blend(picture, grain, 0.06))


def jpeg(megapixels: float, seed: int = 0) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(pixels(megapixels, seed)).save(buffer, "JPEG", quality=QUALITY)
    return buffer.getvalue()


def body(megapixels: float, seed: int = 0) -> bytes:
    """A body of `POST /predict`."""
    return request(jpeg(megapixels, seed))
