"""The blocks of an AVIF, a file of ISO boxes. See ISO/IEC 14496-12; Pillow finds EXIF and XMP."""

from __future__ import annotations

import io

from provenance.blocks import MAX_EXIF, MAX_PROFILE, MAX_XMP, Blocks

MAX_BOXES = 256  # on the top level; encoders write five


def walk(data: bytes) -> Blocks:
    """Collect the blocks of an AVIF, and where its boxes end."""
    from PIL import AvifImagePlugin

    blocks = Blocks(end=_end(data), signed=b"jumb" in data)
    with AvifImagePlugin.AvifImageFile(io.BytesIO(data)) as image:
        blocks.exif = bytes(image.info.get("exif") or b"")[:MAX_EXIF]
        blocks.xmp = bytes(image.info.get("xmp") or b"")[:MAX_XMP]
        blocks.icc = bytes(image.info.get("icc_profile") or b"")[:MAX_PROFILE]
        blocks.images = int(getattr(image, "n_frames", 1))
    return blocks


def _end(data: bytes) -> int | None:
    """Where the last whole box ends; None if one is cut short or reaches to the end."""
    position = 0
    for _ in range(MAX_BOXES):
        length = int.from_bytes(data[position : position + 4], "big")
        kind = data[position + 4 : position + 8]
        if length == 1:
            length = int.from_bytes(data[position + 8 : position + 16], "big")
        if length < 8 or not kind.isascii() or not kind.decode("ascii").isprintable():
            return position or None
        position += length
        if position >= len(data):
            return position if position == len(data) else None
    return None
