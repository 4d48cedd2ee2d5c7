"""EXIF orientation, for the view alone: what is judged and downloaded keeps the stored pixels."""

from __future__ import annotations

import io
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray
from PIL import ExifTags

from detector.imaging import PLUGINS, read_header

ScalarT = TypeVar("ScalarT", bound=np.generic)


def read_orientation(data: bytes) -> int:
    """The EXIF orientation, 1..8; 1 where there is none or it cannot be read."""
    try:
        plugin = PLUGINS[read_header(data).format]
        with plugin(io.BytesIO(data)) as image:
            value = image.getexif().get(ExifTags.Base.Orientation, 1)
    except Exception:  # EXIF is whatever its writer left: a broken block must not cost the view
        return 1
    return value if isinstance(value, int) and 1 <= value <= 8 else 1


def upright(stored: NDArray[ScalarT], orientation: int) -> NDArray[ScalarT]:
    """Turn an array of shape (H, W, ...) the way its orientation tag asks to be seen (a view)."""
    if orientation in (5, 6, 7, 8):
        stored = np.swapaxes(stored, 0, 1)
    if orientation in (3, 4, 7, 8):
        stored = stored[::-1]
    if orientation in (2, 3, 6, 7):
        stored = stored[:, ::-1]
    return stored


def upright_box(
    box: tuple[float, float, float, float], orientation: int
) -> tuple[float, float, float, float]:
    """Turn top, left, bottom, right (shares of height and width) as `upright` turns pixels."""
    top, left, bottom, right = box
    if orientation in (5, 6, 7, 8):
        top, left, bottom, right = left, top, right, bottom
    if orientation in (3, 4, 7, 8):
        top, bottom = 1 - bottom, 1 - top
    if orientation in (2, 3, 6, 7):
        left, right = 1 - right, 1 - left
    return top, left, bottom, right
