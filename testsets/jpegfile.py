"""JPEG files taken apart and put together differently. See ITU-T T.81, annex B."""

from __future__ import annotations

import struct
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from testsets.imagefile import encode

SOI, EOI = b"\xff\xd8", b"\xff\xd9"
SOS, APP1, APP2, APP14, COM = 0xDA, 0xE1, 0xE2, 0xEE, 0xFE  # markers
FRAMES = (0xC0, 0xC1, 0xC2)  # baseline, extended, progressive
LONGEST = 65533  # bytes in a segment, its length left out
Segment = tuple[int, bytes]


def split(data: bytes) -> tuple[list[Segment], bytes]:
    """(marker, body) of the segments before the first scan, and the rest."""
    segments = []
    position = 2
    while data[position + 1] != SOS:
        length = int.from_bytes(data[position + 2 : position + 4], "big")
        segments.append((data[position + 1], data[position + 4 : position + 2 + length]))
        position += 2 + length
    return segments, data[position:]


def join(segments: Sequence[Segment], scans: bytes) -> bytes:
    heads = (struct.pack(">BBH", 0xFF, marker, len(body) + 2) + body for marker, body in segments)
    return SOI + b"".join(heads) + scans


def with_segments(data: bytes, *extra: Segment) -> bytes:
    """Put segments in front of the file's own."""
    segments, scans = split(data)
    return join([*extra, *segments], scans)


def without(data: bytes, marker: int) -> bytes:
    segments, scans = split(data)
    return join([segment for segment in segments if segment[0] != marker], scans)


def resized(data: bytes, width: int, height: int) -> bytes:
    """The same scans under a header that announces another size."""
    segments, scans = split(data)
    changed = [
        (marker, body[:1] + struct.pack(">HH", height, width) + body[5:])
        if marker in FRAMES
        else (marker, body)
        for marker, body in segments
    ]
    return join(changed, scans)


def cmyk(pixels: NDArray[np.uint8], transform: int | None = 0) -> bytes:
    """Four inks from RGB (H, W, 3), inverted as Photoshop writes them.

    Args:
        transform: of Adobe's marker: 0 CMYK, 2 YCCK; None leaves the marker out.
    """
    if transform == 2:
        colours = np.asarray(Image.fromarray(255 - pixels).convert("YCbCr"))
        black = np.full((*pixels.shape[:2], 1), 255, np.uint8)
        image = Image.fromarray(255 - np.concatenate([colours, black], axis=2), "CMYK")
    else:
        image = Image.fromarray(pixels).convert("CMYK")
    data = without(encode(image, "JPEG", quality=92, subsampling="4:4:4"), APP14)
    if transform is None:
        return data
    return with_segments(data, (APP14, b"Adobe\0\x64\0\0\0\0" + bytes([transform])))
