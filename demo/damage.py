"""Whether a picture's file is all there: a note for people, never fed to the model.

The decoder makes a picture of whatever there is; what a file lacks is then one flat colour, which
looks like a finding to whoever is not told.
"""

from __future__ import annotations

import math
import struct
import zlib
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from detector.containers import MAX_PNG_CHUNKS, PNG_SIGNATURE, identify, parse

MAX_BOXES = 1000  # at the top level of an AVIF file, which has three or four
ALL_ROWS = 0.995  # of a picture's rows: the rest may as well be a plain margin
OF_A_BMP = struct.Struct("<10xI4xiiHH")  # pixels' offset; width, height, planes, bits a pixel


@dataclass(frozen=True, slots=True)
class Damage:
    """A file that lacks its end, or that holds something other than it was written with.

    Attributes:
        share: of the picture's rows that could be read, 0..1.
    """

    share: float

    @property
    def total(self) -> bool:
        """Whether nothing could be read: the picture is one flat colour."""
        return self.share == 0.0

    @property
    def words(self) -> str:
        """One or two sentences for whoever sent the file."""
        start = "The file is damaged or incomplete: "
        if self.total:
            return start + "nothing of the picture could be read."
        if self.share >= ALL_ROWS:
            return start + "all rows could be read, but details may be missing. Find a whole copy."
        amount = "less than 1 %" if self.share < 0.01 else f"about {self.share * 100:.0f} %"
        return (
            f"{start}{amount} of the picture could be read, and the rest is filled with one "
            "colour, which the detector saw too. Find a whole copy before you judge."
        )


def assess(data: bytes, image: NDArray[np.uint8]) -> Damage | None:
    """What is missing from a file, by its structure; None if it is all there, as far as is known.

    Wrong bytes amid the pixels of a JPEG, WebP or AVIF file are not noticed.

    Args:
        data: the file.
        image: (H, W, 3) uint8, what was decoded of it.
    """
    name = identify(data)
    if _whole(data, name):
        return None
    rows = image[::-1] if name == "BMP" else image  # a BMP is stored from the bottom up
    return Damage(_last_row(rows) / len(rows))


def _last_row(image: NDArray[np.uint8]) -> int:
    """How many rows there are down to the last that is not all of one colour."""
    filling = image[-1, -1]
    for row in range(len(image) - 1, -1, -1):
        if (image[row] != filling).any():
            return row + 1
    return 0


def _whole(data: bytes, name: str | None) -> bool:
    match name:
        case "JPEG":
            container = parse(data, name)
            return container is not None and container.whole
        case "PNG":
            return _png_is_whole(data)
        case "WEBP":
            return len(data) >= 8 + int.from_bytes(data[4:8], "little")
        case "BMP":
            return _bmp_is_whole(data)
        case "AVIF":
            return _avif_is_whole(data)
        case _:
            return True


def _png_is_whole(data: bytes) -> bool:
    """Whether every chunk up to IEND has the checksum that it was written with."""
    view, position = memoryview(data), len(PNG_SIGNATURE)
    for _ in range(MAX_PNG_CHUNKS):
        if position + 12 > len(data):
            return False
        length = int.from_bytes(view[position : position + 4], "big")
        end = position + 8 + length
        if zlib.crc32(view[position + 4 : end]) != int.from_bytes(view[end : end + 4], "big"):
            return False
        if data[position + 4 : position + 8] == b"IEND":
            return True
        position = end + 4
    return False


def _bmp_is_whole(data: bytes) -> bool:
    if len(data) < OF_A_BMP.size or data[14] < 40:  # the old header has shorter fields
        return True
    offset, width, height, _, bits = map(int, OF_A_BMP.unpack_from(data))
    return len(data) >= offset + math.ceil(width * bits / 32) * 4 * abs(height)


def _avif_is_whole(data: bytes) -> bool:
    """Whether no box of the file reaches beyond its end."""
    position = 0
    for _ in range(MAX_BOXES):
        if position + 8 > len(data):
            break
        length = int.from_bytes(data[position : position + 4], "big")
        if length == 1:  # a longer one follows
            length = int.from_bytes(data[position + 8 : position + 16], "big")
        if length == 0:  # up to the end, wherever that is
            return True
        if length < 8:
            return False
        position += length
    return position <= len(data)
