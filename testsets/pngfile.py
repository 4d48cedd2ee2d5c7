"""PNG files of every colour type and depth, well and badly formed; Pillow writes only some.

See the PNG specification, third edition, sections 5 (chunks), 7.2 (scan lines) and 8 (interlace).
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

SIGNATURE = b"\x89PNG\r\n\x1a\n"
GREY, RGB, PALETTE, GREY_ALPHA, RGBA = 0, 2, 3, 4, 6  # colour types
CHANNELS = {GREY: 1, RGB: 3, PALETTE: 1, GREY_ALPHA: 2, RGBA: 4}
LEVEL = 6  # zlib's
ADAM7 = (  # first row and column, then their steps
    (0, 0, 8, 8),
    (0, 4, 8, 8),
    (4, 0, 8, 4),
    (0, 2, 4, 4),
    (2, 0, 4, 2),
    (0, 1, 2, 2),
    (1, 0, 2, 1),
)


def chunk(kind: bytes, body: bytes, checksum: int | None = None) -> bytes:
    """A chunk, with a wrong `checksum` if one is given."""
    checksum = zlib.crc32(kind + body) if checksum is None else checksum
    return struct.pack(">I4s", len(body), kind) + body + struct.pack(">I", checksum)


def header(width: int, height: int, depth: int, colour: int, interlaced: bool = False) -> bytes:
    return chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, interlaced))


def png(
    samples: NDArray[np.integer[Any]],
    colour: int,
    depth: int,
    *,
    palette: bytes = b"",
    transparency: bytes = b"",
    interlaced: bool = False,
    before: Iterable[bytes] = (),
    pieces: int = 1,
) -> bytes:
    """A PNG of samples (H, W) or (H, W, channels).

    Args:
        palette, transparency: bodies of PLTE and tRNS.
        before: chunks in front of the pixels.
        pieces: IDAT chunks that the pixels are spread over.
    """
    height, width = samples.shape[:2]
    samples = samples.reshape(height, width, CHANNELS[colour])
    passes = ADAM7 if interlaced else ((0, 0, 1, 1),)
    rows = b"".join(_lines(samples[r::dr, c::dc], depth) for r, c, dr, dc in passes)
    packed = zlib.compress(rows, LEVEL)
    step = -(-len(packed) // pieces)
    return b"".join(
        [
            SIGNATURE,
            header(width, height, depth, colour, interlaced),
            chunk(b"PLTE", palette) if palette else b"",
            chunk(b"tRNS", transparency) if transparency else b"",
            *before,
            *(chunk(b"IDAT", packed[at : at + step]) for at in range(0, len(packed), step)),
            chunk(b"IEND", b""),
        ]
    )


def blank(width: int, height: int, zeros: int | None = None) -> bytes:
    """One bit a pixel, black; `zeros` bytes of scan lines instead of as many as it takes."""
    zeros = height * (1 + -(-width // 8)) if zeros is None else zeros
    packer = zlib.compressobj(9)
    part = bytes(1 << 20)
    packed = [
        packer.compress(part[: min(len(part), zeros - at)]) for at in range(0, zeros, 1 << 20)
    ]
    pixels = chunk(b"IDAT", b"".join([*packed, packer.flush()]))
    return SIGNATURE + header(width, height, 1, GREY) + pixels + chunk(b"IEND", b"")


def _lines(samples: NDArray[np.integer[Any]], depth: int) -> bytes:
    height, width, channels = samples.shape
    if not (height and width):
        return b""
    if depth == 16:
        packed = samples.astype(">u2").view(np.uint8).reshape(height, -1)
    else:
        bits = np.unpackbits(samples.astype(np.uint8)[..., None], axis=-1)[..., 8 - depth :]
        packed = np.packbits(bits.reshape(height, width * channels * depth), axis=1)
    return np.pad(packed, ((0, 0), (1, 0))).tobytes()  # filter type 0 in front of each row
