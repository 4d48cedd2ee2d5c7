"""The blocks of a PNG. See the PNG specification, third edition, section 11."""

from __future__ import annotations

import struct
import zlib

from provenance.blocks import MAX_EXIF, MAX_PROFILE, MAX_TEXT, MAX_XMP, Blocks
from provenance.fact import decoded

MAX_CHUNKS = 100_000  # a second of walking
SIGNATURE = 8  # bytes
XMP_KEYWORD = "XML:com.adobe.xmp"
RAW = "Raw profile type "  # ImageMagick's hexadecimal copies of other containers' blocks


def walk(data: bytes) -> Blocks:
    """Collect the blocks of a PNG, and where it ends."""
    blocks = Blocks()
    position = SIGNATURE
    for _ in range(MAX_CHUNKS):
        if position + 8 > len(data):
            blocks.notes.append("The PNG has no end: it is cut short or damaged.")
            break
        length, kind = struct.unpack_from(">I4s", data, position)
        if kind != b"IDAT":
            _take(blocks, kind, data[position + 8 : position + 8 + min(length, MAX_XMP)])
        position += 12 + length
        if kind == b"IEND":
            blocks.end = min(position, len(data))
            break
    return blocks


def _take(blocks: Blocks, kind: bytes, body: bytes) -> None:
    match kind:
        case b"eXIf":
            blocks.exif = blocks.exif or body[:MAX_EXIF]
        case b"iCCP":
            blocks.icc = _inflated(body.partition(b"\0")[2][1:], MAX_PROFILE)
        case b"caBX":
            blocks.signed = True
        case b"acTL":
            blocks.images = max(1, min(int.from_bytes(body[:4], "big"), 999))
        case b"tEXt" | b"zTXt" | b"iTXt":
            keyword, text = _text(kind, body)
            _take_text(blocks, keyword, text)
        case _:
            pass


def _take_text(blocks: Blocks, keyword: str, text: bytes) -> None:
    if keyword == XMP_KEYWORD:
        blocks.xmp = blocks.xmp or text[:MAX_XMP]
    elif keyword.startswith(RAW):
        profile = _raw_profile(text)
        match keyword.removeprefix(RAW):
            case "exif" | "APP1":
                blocks.exif = blocks.exif or profile[:MAX_EXIF]
            case "iptc":
                blocks.photoshop = blocks.photoshop or profile[:MAX_PROFILE]
            case "xmp":
                blocks.xmp = blocks.xmp or profile[:MAX_XMP]
    else:
        blocks.add_text(keyword, decoded(text[:MAX_TEXT]))


def _text(kind: bytes, body: bytes) -> tuple[str, bytes]:
    name, _, rest = body.partition(b"\0")
    keyword = decoded(name[:79])
    if kind == b"tEXt":
        return keyword, rest
    if kind == b"zTXt":
        return keyword, _inflated(rest[1:], MAX_XMP)
    compressed, rest = rest[:1] == b"\1", rest[2:]
    text = rest.partition(b"\0")[2].partition(b"\0")[2]  # after language and translated keyword
    return keyword, _inflated(text, MAX_XMP) if compressed else text


def _inflated(data: bytes, limit: int) -> bytes:
    """Decompress up to `limit` bytes, however many there would be."""
    try:
        return zlib.decompressobj().decompress(data, limit)
    except zlib.error:
        return b""


def _raw_profile(text: bytes) -> bytes:
    """Undo ImageMagick's wrapping: a line with the name, one with the length, then hexadecimal."""
    lines = text.strip().split(b"\n", 2)
    try:
        return bytes.fromhex(lines[2].decode("ascii"))
    except (IndexError, ValueError):
        return b""
