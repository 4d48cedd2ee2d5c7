"""The JPEG file's own quantization tables."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from detector.evidence.drawing import table
from detector.evidence.exhibit import Exhibit
from detector.evidence.tables import CHROMA, LUMA, file_tables, nearest_quality

NAMES = ("Brightness", "Colour", "Colour 2", "Colour 3")
EXACT = 1e-9  # of mean distance: the very table
CLOSE = 0.08  # of mean distance: beyond it a quality is only a manner of speaking
LOW = 75  # below this quality fine traces are gone


def look(_: NDArray[np.uint8], data: bytes) -> Exhibit:
    """Read the tables of the file; the pixels play no part."""
    tables = file_tables(data)
    if not tables:
        return Exhibit("The file is not a JPEG, or is damaged: it has no quantization tables.")
    quality, distance = nearest_quality(tables[0], LUMA)
    if distance < EXACT:
        words = f"the common library's at quality {quality}"
    elif distance < CLOSE:
        words = f"close to the common library's at quality {quality}, but not the same"
    else:
        words = f"a maker's own, about as strong as quality {quality} of the common library"
    figures = {"quality": float(quality), "distance": distance, "tables": float(len(tables))}
    caption = f"The brightness table is {words}."
    if len(tables) > 1:
        colour, off = nearest_quality(tables[1], CHROMA)
        figures["colour_quality"] = float(colour)
        caption += f" The colour table is {'' if off < EXACT else 'nearest to '}quality {colour}."
    sheets = [table(t, name) for t, name in zip(tables, NAMES, strict=False)]
    return Exhibit(
        caption,
        chart=np.concatenate(sheets[:2], axis=1),
        figures=figures,
        warnings=(
            ("At this quality most fine traces of editing are lost.",) if quality < LOW else ()
        ),
    )
