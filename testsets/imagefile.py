"""Picture files with settings that do not depend on Pillow's defaults, and 1-bit masks."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

MEDIA_TYPES = {"JPEG": "image/jpeg", "PNG": "image/png"}
QUALITIES = (75, 80, 85, 90, 92, 95)  # defaults of widespread software
PNG_LEVEL = 6  # zlib's own default


@dataclass(frozen=True)
class Encoding:
    """How a picture is written; `quality` and `subsampling` are of JPEG alone."""

    format: str
    quality: int = 90
    subsampling: str = "4:2:0"

    @classmethod
    def drawn(cls, kind: str, rng: np.random.Generator) -> Encoding:
        quality = int(rng.choice(QUALITIES))
        return cls(kind, quality, "4:4:4" if rng.random() < 0.35 else "4:2:0")

    @property
    def media_type(self) -> str:
        return MEDIA_TYPES[self.format]

    def to_json(self) -> Mapping[str, Any]:
        if self.format == "PNG":
            return {"format": "PNG"}
        return {"format": "JPEG", "quality": self.quality, "subsampling": self.subsampling}

    def write(self, pixels: NDArray[np.uint8]) -> bytes:
        if self.format == "PNG":
            return encode(pixels, "PNG", compress_level=PNG_LEVEL)
        return encode(pixels, "JPEG", quality=self.quality, subsampling=self.subsampling)


def encode(pixels: NDArray[Any] | Image.Image, kind: str, **options: Any) -> bytes:
    """A picture file by Pillow."""
    image = pixels if isinstance(pixels, Image.Image) else Image.fromarray(pixels)
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def write_mask(mask: NDArray[np.bool_]) -> bytes:
    """A PNG of one bit a pixel, set where `mask` (H, W) is."""
    height, width = mask.shape
    bits = np.packbits(mask, axis=1).tobytes()
    return encode(Image.frombytes("1", (width, height), bits), "PNG", compress_level=PNG_LEVEL)
