"""JPEG's quantization tables: the common library's by quality, and those in a file."""

from __future__ import annotations

import io

import numpy as np
from numpy.typing import NDArray

from detector.containers import identify, parse
from detector.imaging import PLUGINS

Table = NDArray[np.int64]

# ITU-T T.81, annex K, tables K.1 and K.2; rows are vertical frequencies
LUMA: Table = np.array(
    [
        (16, 11, 10, 16, 24, 40, 51, 61),
        (12, 12, 14, 19, 26, 58, 60, 55),
        (14, 13, 16, 24, 40, 57, 69, 56),
        (14, 17, 22, 29, 51, 87, 80, 62),
        (18, 22, 37, 56, 68, 109, 103, 77),
        (24, 35, 55, 64, 81, 104, 113, 92),
        (49, 64, 78, 87, 103, 121, 120, 101),
        (72, 92, 95, 98, 112, 100, 103, 99),
    ]
)
CHROMA: Table = np.full((8, 8), 99)
CHROMA[:4, :4] = [(17, 18, 24, 47), (18, 21, 26, 66), (24, 26, 56, 99), (47, 66, 99, 99)]


def scaled(table: Table, quality: int) -> Table:
    """A table at libjpeg's quality 1..100: (8, 8), 1..255."""
    percent = 5000 // quality if quality < 50 else 200 - 2 * quality
    return np.clip((table * percent + 50) // 100, 1, 255)


def nearest_quality(table: Table, standard: Table = LUMA) -> tuple[int, float]:
    """libjpeg's quality whose table is nearest, and how far off it is on average, in relation."""
    distances = [
        float(np.mean(np.abs(table - step) / step))
        for step in (scaled(standard, quality) for quality in range(1, 101))
    ]
    best = int(np.argmin(distances))
    return best + 1, distances[best]


def file_tables(data: bytes) -> list[Table]:
    """The quantization tables of a JPEG file, each (8, 8), brightness first; else an empty list.

    The file is reduced to coded data by `detector.containers` first, and no pixel is decoded.
    """
    if identify(data) != "JPEG":
        return []
    container = parse(data, "JPEG")
    if container is None or not container.data:
        return []
    try:
        with PLUGINS["JPEG"](io.BytesIO(container.data)) as file:
            tables: dict[int, list[int]] = getattr(file, "quantization", {})
            return [np.array(tables[key]).reshape(8, 8) for key in sorted(tables)]
    except Exception:  # damaged tables: there is nothing to show of them
        return []
