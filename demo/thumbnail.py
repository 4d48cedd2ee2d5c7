"""A picture as small as a table's row, with what is marked tinted."""

from __future__ import annotations

import io

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from demo.orientation import upright

SIDE = 128  # pixels: 64 on a screen of double density
TINT = np.array((255, 0, 110), dtype=np.float32)  # the viewer's
STRENGTH = 0.6  # of the tint over a wholly marked pixel: the picture stays readable
QUALITY = 72  # JPEG: some 3 kB each


def thumbnail(
    image: NDArray[np.uint8], mask: NDArray[np.bool_] | None = None, orientation: int = 1
) -> bytes:
    """Shrink (H, W, 3) uint8 to a JPEG of at most `SIDE` pixels, upright.

    Args:
        mask: (H, W); tinted where it is set, unless it covers the whole picture.
        orientation: EXIF, 1..8, applied to both.
    """
    height, width = image.shape[:2]
    scale = min(1.0, SIDE / max(height, width))
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    box = Image.Resampling.BOX
    small = np.asarray(Image.fromarray(image).resize(size, box, reducing_gap=2.0))
    if mask is not None and mask.any() and not mask.all():
        share = Image.fromarray(mask.view(np.uint8) * 255).resize(size, box, reducing_gap=2.0)
        weight = np.asarray(share, np.float32)[..., None] * (STRENGTH / 255)
        small = np.rint(small * (1 - weight) + TINT * weight).astype(np.uint8)
    buffer = io.BytesIO()
    turned = np.ascontiguousarray(upright(small, orientation))
    Image.fromarray(turned).save(buffer, "JPEG", quality=QUALITY)
    return buffer.getvalue()
