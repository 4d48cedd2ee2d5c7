"""The blocks of a JPEG. See ITU-T T.81, annex B; segment names from ExifTool's documentation."""

from __future__ import annotations

import re
import struct

from provenance.blocks import MAX_EXIF, MAX_PROFILE, MAX_TEXT, MAX_XMP, Blocks, Frame
from provenance.fact import decoded

MAX_SEGMENTS = 4096  # a file of nothing but markers must not keep a processor busy
MARKER = re.compile(rb"\xff[\x02-\xcf\xd8-\xfe]")  # not stuffing, fill, TEM or RST
SOI, EOI, SOS, DQT, COM = 0xD8, 0xD9, 0xDA, 0xDB, 0xFE
APP1, APP2, APP11, APP13 = 0xE1, 0xE2, 0xEB, 0xED
FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
EXIF, XMP = b"Exif\0", b"http://ns.adobe.com/xap/1.0/\0"
EXTENDED_XMP = b"http://ns.adobe.com/xmp/extension/\0"
ICC, MPF, PHOTOSHOP = b"ICC_PROFILE\0", b"MPF\0", b"Photoshop 3.0\0"
MPF_COUNT = 0xB001  # CIPA DC-007: the tag that holds the number of pictures


def walk(data: bytes) -> Blocks:
    """Collect the blocks of the first picture, and where it ends."""
    blocks = Blocks()
    position = 2
    for _ in range(MAX_SEGMENTS):
        found = MARKER.search(data, position)
        if found is None:
            blocks.notes.append("The JPEG has no end: it is cut short or damaged.")
            break
        position = found.end()
        marker = data[position - 1]
        if marker == EOI:
            blocks.end = position
            break
        if marker == SOI:  # a second picture begins before the first has ended
            continue
        length = int.from_bytes(data[position : position + 2], "big")
        if length < 2:
            continue
        _take(blocks, marker, data[position + 2 : position + length])
        position += length
    return blocks


def _take(blocks: Blocks, marker: int, body: bytes) -> None:
    if marker == SOS:
        blocks.scans += 1
    elif marker == DQT:
        _take_tables(blocks, body)
    elif marker in FRAMES and blocks.frame is None:
        blocks.frame = _frame(marker, body)
    elif marker == COM:
        blocks.add_text("JPEG comment", decoded(body[:MAX_TEXT]))
    elif marker == APP1 and body.startswith(EXIF):
        blocks.exif = blocks.exif or body[:MAX_EXIF]
    elif marker == APP1 and body.startswith(XMP):
        blocks.xmp = blocks.xmp or body[len(XMP) :][:MAX_XMP]
    elif marker == APP1 and body.startswith(EXTENDED_XMP):
        note = "There is more XMP in further segments, which is not shown."
        if note not in blocks.notes:
            blocks.notes.append(note)
    elif marker == APP2 and body.startswith(ICC):
        blocks.icc = (blocks.icc + body[len(ICC) + 2 :])[:MAX_PROFILE]
    elif marker == APP2 and body.startswith(MPF):
        blocks.images = max(blocks.images, _count_images(body[len(MPF) :]))
    elif marker == APP11 and b"jumb" in body[:64]:
        blocks.signed = True
    elif marker == APP13 and body.startswith(PHOTOSHOP):
        blocks.photoshop = (blocks.photoshop + body[len(PHOTOSHOP) :])[:MAX_PROFILE]


def _take_tables(blocks: Blocks, body: bytes) -> None:
    position = 0
    while position < len(body):
        wide, number = body[position] >> 4, body[position] & 15
        size = 128 if wide else 64
        values = body[position + 1 : position + 1 + size]
        if len(values) < size:
            break
        table = struct.unpack(">64H", values) if wide else tuple(values)
        blocks.quantization.setdefault(number, table)
        position += 1 + size


def _frame(marker: int, body: bytes) -> Frame | None:
    if len(body) < 6 or not 1 <= body[5] <= 4 or len(body) < 6 + 3 * body[5]:
        return None
    precision, height, width = struct.unpack_from(">BHH", body)
    parts = [body[6 + 3 * i : 9 + 3 * i] for i in range(body[5])]
    sampling = [(part[1] >> 4, part[1] & 15) for part in parts]
    return Frame(marker, precision, (width, height), sampling, [part[2] for part in parts])


def _count_images(body: bytes) -> int:
    """The number of pictures in a Multi-Picture Format index; 1 where it cannot be read."""
    order = "<" if body[:2] == b"II" else ">"
    try:
        start = struct.unpack_from(order + "I", body, 4)[0]
        entries = struct.unpack_from(order + "H", body, start)[0]
        for i in range(min(entries, 16)):
            tag, _, _, value = struct.unpack_from(order + "HHII", body, start + 2 + 12 * i)
            if tag == MPF_COUNT:
                return min(int(value), 999)
    except struct.error:
        pass
    return 1
