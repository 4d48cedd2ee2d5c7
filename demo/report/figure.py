"""The pictures of a report: reduced, upright, encoded."""

from __future__ import annotations

import base64
import io
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from demo.orientation import upright

JPEG_QUALITY = 88  # for looking at: the file itself is the evidence


@dataclass(frozen=True, slots=True)
class Figure:
    """One encoded picture.

    Attributes:
        data: the file.
        media_type: of `data`.
        width, height: pixels.
        caption: what it shows.
    """

    data: bytes
    media_type: str
    width: int
    height: int
    caption: str

    @property
    def uri(self) -> str:
        """The picture as a `data:` address."""
        return f"data:{self.media_type};base64,{base64.b64encode(self.data).decode('ascii')}"


def photo(
    image: NDArray[np.uint8],
    caption: str,
    max_side: int,
    orientation: int = 1,
    layer: bytes | None = None,
) -> Figure:
    """A picture, (H, W, 3) uint8 as stored, reduced, turned, and with a layer laid over it.

    Args:
        image: the pixels.
        caption: what it shows.
        max_side: pixels of the longer side at most.
        orientation: EXIF, 1..8.
        layer: a PNG with alpha, upright, of any size.
    """
    shown = reduced(image, max_side, orientation)
    if layer is not None:
        with Image.open(io.BytesIO(layer)) as file:
            over = file.convert("RGBA").resize(shown.size, Image.Resampling.BILINEAR)
        shown = Image.alpha_composite(shown.convert("RGBA"), over).convert("RGB")
    buffer = io.BytesIO()
    shown.save(buffer, "JPEG", quality=JPEG_QUALITY, subsampling=0)
    return Figure(buffer.getvalue(), "image/jpeg", *shown.size, caption)


def chart(image: NDArray[np.uint8], caption: str, max_side: int) -> Figure:
    """A drawing, (h, w, 3) uint8, kept sharp."""
    shown = reduced(image, max_side)
    buffer = io.BytesIO()
    shown.quantize(64).save(buffer, "PNG", optimize=True)
    return Figure(buffer.getvalue(), "image/png", *shown.size, caption)


def reduced(image: NDArray[np.uint8], max_side: int, orientation: int = 1) -> Image.Image:
    """At most `max_side` on the longer side, upright."""
    small = Image.fromarray(image)
    scale = max_side / max(small.size)
    if scale < 1:
        size = tuple(max(1, round(side * scale)) for side in small.size)
        small = small.resize((size[0], size[1]), Image.Resampling.LANCZOS, reducing_gap=2.0)
    return Image.fromarray(np.ascontiguousarray(upright(np.asarray(small), orientation)))
