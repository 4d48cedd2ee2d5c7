"""The blocks of a WebP. See RFC 9649, section 2."""

from __future__ import annotations

import struct

from provenance.blocks import MAX_EXIF, MAX_PROFILE, MAX_XMP, Blocks

MAX_CHUNKS = 4096  # an animation's frames; those after them are not looked at
HEAD = 12  # bytes: RIFF, length, WEBP


def walk(data: bytes) -> Blocks:
    """Collect the blocks of a WebP, and where it ends."""
    blocks = Blocks()
    end = 8 + int.from_bytes(data[4:8], "little")
    if end > len(data):
        blocks.notes.append("The WebP is cut short.")
    else:
        blocks.end = end
    position, frames = HEAD, 0
    for _ in range(MAX_CHUNKS):
        if position + 8 > min(end, len(data)):
            break
        kind, length = struct.unpack_from("<4sI", data, position)
        start = position + 8
        match kind:
            case b"EXIF":
                blocks.exif = blocks.exif or data[start : start + min(length, MAX_EXIF)]
            case b"XMP ":
                blocks.xmp = blocks.xmp or data[start : start + min(length, MAX_XMP)]
            case b"ICCP":
                blocks.icc = data[start : start + min(length, MAX_PROFILE)]
            case b"ANMF":
                frames += 1
            case b"C2PA":
                blocks.signed = True
            case _:
                pass
        position = start + length + (length & 1)
    blocks.images = max(1, frames)
    return blocks
