"""Picture files at the level of bytes: what they are, how large, and only what a codec needs.

A codec is handed the coded pixels and nothing else. Metadata (EXIF, XMP, ICC, text, thumbnails,
further frames) is dropped here, unread: it cannot change the pixels, cannot be a bomb, cannot be
malformed in a way that matters. Checksums are written anew. Loops are bounded, since a file of
nothing but markers must not keep a processor busy.
"""

from __future__ import annotations

import math
import re
import struct
import zlib
from dataclasses import dataclass

Bytes = bytes | memoryview

MAX_PNG_CHUNKS = 1_000_000  # about a second of walking; 250 MB in the smallest chunks anyone writes
MAX_JPEG_SEGMENTS = 4096  # 256 MB of full segments before the first scan
MAX_JPEG_TABLE = 4096  # bytes; all quantisation or all Huffman tables together take half of it
MAX_JPEG_SCANS = 64  # encoders write about ten; each is a pass over the whole picture
MAX_WEBP_PADDING = 1 << 26  # bytes; what a truncated file may be filled up with

PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
PNG_DEPTHS = {0: (1, 2, 4, 8, 16), 2: (8, 16), 3: (1, 2, 4, 8), 4: (8, 16), 6: (8, 16)}
PNG_GREY, PNG_COLOUR, PNG_PALETTE = 0, 2, 3  # the colour types that may have a tRNS chunk

JPEG_MARKER = re.compile(rb"\xff[\x02-\xcf\xd9-\xfe]")  # not stuffing, fill, TEM, RST or SOI
JPEG_EOI, JPEG_SOS, JPEG_APP0, JPEG_APP14 = 0xD9, 0xDA, 0xE0, 0xEE
JPEG_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}  # SOF0..15 without DHT, JPG, DAC
JPEG_TABLES = frozenset({0xC4, 0xCC, 0xDB, 0xDD})  # DHT, DAC, DQT, DRI

WEBP_HEADS = {b"VP8X": 10, b"VP8L": 5, b"VP8 ": 10}  # bytes of each that hold the size

AVIF_EXIF_ITEM = re.compile(rb"(infe\x02.{7}|infe\x03.{9})Exif", re.DOTALL)

SUPPORTED = {
    "PNG": re.compile(PNG_SIGNATURE),
    "JPEG": re.compile(rb"\xff\xd8\xff"),
    "WEBP": re.compile(rb"RIFF.{4}WEBP", re.DOTALL),
    "AVIF": re.compile(rb".{4}ftyp(?:avif|avis|mif1|msf1)", re.DOTALL),
    # Of BMP not the run-length coded kind: Pillow decodes it in Python, at megabytes a minute.
    "BMP": re.compile(rb"BM.{12}(?:\x0c\0\0\0|.{16}[\0\x03\x06])", re.DOTALL),
}
UNSUPPORTED = {
    "TIFF": re.compile(rb"II[*+]\0|MM\0[*+]"),
    "GIF": re.compile(rb"GIF8"),
    "HEIC": re.compile(rb".{4}ftyp(?:hei|hev)", re.DOTALL),
    "JPEG 2000": re.compile(rb"\0\0\0\x0cjP  |\xff\x4f\xff\x51"),
    "JPEG XL": re.compile(rb"\xff\x0a|\0\0\0\x0cJXL "),
    "Run-length coded BMP": re.compile(rb"BM.{4}\0\0\0\0", re.DOTALL),
    "Photoshop": re.compile(rb"8BPS"),
    "PDF": re.compile(rb"%PDF"),
    "SVG": re.compile(rb"\s*<(?:\?xml|svg)"),
}


@dataclass(frozen=True, slots=True)
class Container:
    """One picture file, reduced to what its codec needs.

    Attributes:
        format: a key of `SUPPORTED`.
        size: stored (width, height); None where the codec reads it just as cheaply.
        data: the file for the codec; empty if it ends before the first coded pixel.
        whole: nothing is missing, so a codec that gets no pixel out of it has met damage.
    """

    format: str
    size: tuple[int, int] | None
    data: bytes
    whole: bool = False


def identify(data: bytes, formats: dict[str, re.Pattern[bytes]] = SUPPORTED) -> str | None:
    """Name the format of a file by its first bytes; None if it is none of `formats`."""
    return next((name for name, magic in formats.items() if magic.match(data)), None)


def parse(data: bytes, name: str) -> Container | None:
    """Reduce a file of a supported format; None if its header does not hold together."""
    match name:
        case "PNG":
            return _parse_png(data)
        case "JPEG":
            return _parse_jpeg(data)
        case "WEBP":
            return _parse_webp(data)
        case "AVIF":  # Pillow would read EXIF on opening; an item of unknown type is left alone
            return Container(name, None, AVIF_EXIF_ITEM.sub(rb"\1skip", data))
        case _:
            return Container(name, None, data)


def _parse_png(data: bytes) -> Container | None:
    """Keep IHDR, PLTE, tRNS and IDAT (of an animation that is the default image)."""
    header = data[16:29]
    if data[12:16] != b"IHDR" or len(header) < struct.calcsize(">IIBBBBB"):
        return None
    width, height, depth, colour, _, _, interlace = struct.unpack(">IIBBBBB", header)
    if not (width and height and depth in PNG_DEPTHS.get(colour, ())):
        return None
    tables: dict[bytes, bytes] = {}
    coded: list[Bytes] = []
    view = memoryview(data)
    position = len(PNG_SIGNATURE) + 12 + len(header)
    for _ in range(MAX_PNG_CHUNKS):
        if position + 8 > len(data):
            break
        length, kind = struct.unpack_from(">I4s", data, position)
        body = view[position + 8 : position + 8 + length]
        if kind == b"IDAT":
            coded.append(body)
        elif not kind.isalpha() or len(body) < length:  # damaged: go on at the next pixels
            following = data.find(b"IDAT", position + 4)
            if following < 0:
                break
            position = following - 4
            continue
        elif kind in (b"PLTE", b"tRNS"):
            tables[kind] = bytes(body[: 3 * 256])
        elif kind == b"IEND":
            break
        position += 12 + length
    if not _inflates(coded):
        return None
    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, min(interlace, 1))
    palette = tables.get(b"PLTE", b"")
    key = _transparency(tables.get(b"tRNS", b""), depth, colour)
    clean = [PNG_SIGNATURE, *_png_chunk(b"IHDR", header)]
    if palette:
        clean += _png_chunk(b"PLTE", palette)
    if key:
        clean += _png_chunk(b"tRNS", key)
    clean += _png_chunk(b"IDAT", *coded)
    clean += _png_chunk(b"IEND")
    return Container("PNG", (width, height), b"".join(clean))


def _inflates(coded: list[Bytes]) -> bool:
    """Whether pixels can be had from what IDAT begins with, as far as that can be told."""
    try:
        first: Bytes = next((body for body in coded if body), b"")
        zlib.decompressobj().decompress(first[:256], 1)
    except zlib.error:
        return False
    return True


def _png_chunk(kind: bytes, *bodies: Bytes) -> list[Bytes]:
    checksum = zlib.crc32(kind)
    for body in bodies:
        checksum = zlib.crc32(body, checksum)
    length = sum(map(len, bodies))
    return [struct.pack(">I4s", length, kind), *bodies, struct.pack(">I", checksum)]


def _transparency(body: bytes, depth: int, colour: int) -> bytes:
    """Scale the transparent colour as Pillow scales the pixels, which it forgets to do."""
    if colour == PNG_PALETTE:
        return body[:256]
    count = {PNG_GREY: 1, PNG_COLOUR: 3}.get(colour, 0)
    if not count or len(body) < 2 * count:
        return b""
    values = struct.unpack_from(f">{count}H", body)
    if depth < 16:
        peak = 2**depth - 1
        values = tuple((value & peak) * 255 // peak for value in values)
    elif colour == PNG_COLOUR:  # Pillow keeps the high byte of 16-bit colour, all of 16-bit grey
        values = tuple(value >> 8 for value in values)
    return struct.pack(f">{count}H", *values)


def _parse_jpeg(data: bytes) -> Container | None:
    """Keep tables, frame header, the two markers that name the colour space, and the scans."""
    kept = [b"\xff\xd8"]
    size: tuple[int, int] | None = None
    position = 2
    for _ in range(MAX_JPEG_SEGMENTS):
        found = JPEG_MARKER.search(data, position)
        if found is None:
            break
        position = found.end()
        marker = data[position - 1]
        if marker == JPEG_EOI:
            break
        length = int.from_bytes(data[position : position + 2], "big")
        segment = data[position : position + length]
        if length < 2:  # damaged: go on at the next marker
            continue
        if len(segment) < length:  # cut short; a thumbnail in it must not pass for the picture
            break
        if marker == JPEG_SOS:
            return size and Container("JPEG", size, *_jpeg_scans(kept, data, position - 2))
        position += length
        if marker in JPEG_FRAMES:
            if size or length < len("LLPHHWWN"):
                continue
            height, width = struct.unpack_from(">HH", segment, 3)
            if not (width and height):
                return None
            size = width, height
        elif not _is_needed(marker, segment):
            continue
        kept.append(found.group() + segment)
    return size and Container("JPEG", size, b"")


def _is_needed(marker: int, segment: bytes) -> bool:
    return (
        (marker in JPEG_TABLES and len(segment) <= MAX_JPEG_TABLE)
        or (marker == JPEG_APP0 and segment[2:6] == b"JFIF")
        or (marker == JPEG_APP14 and segment[2:7] == b"Adobe")
    )


def _jpeg_scans(kept: list[bytes], data: bytes, first: int) -> tuple[bytes, bool]:
    """Return the file with an end of its own, and whether it had one."""
    end = first
    for _ in range(MAX_JPEG_SCANS):
        end = data.find(b"\xff\xda", end + 2)
        if end < 0:
            end = len(data)
            break
    scans = memoryview(data)[first:end]
    return b"".join([*kept, scans, b"\xff\xd9"]), data.find(b"\xff\xd9", first, end) >= 0


def _parse_webp(data: bytes) -> Container | None:
    """Read the size of the canvas, since opening already allocates it, and mend truncation.

    See RFC 9649, section 2. The decoder refuses a file that is not whole but is content with one
    filled up with zeros.
    """
    kind, head = data[12:16], data[20:30]
    if len(head) < WEBP_HEADS.get(kind, math.inf):
        return None
    match kind:
        case b"VP8X":
            sides = [1 + int.from_bytes(part, "little") for part in (head[4:7], head[7:10])]
        case b"VP8L":
            bits = int.from_bytes(head[1:5], "little")
            sides = [1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)]
        case _:
            sides = [side & 0x3FFF for side in struct.unpack_from("<HH", head, 6)]
    length = 8 + int.from_bytes(data[4:8], "little")
    if length - len(data) <= MAX_WEBP_PADDING:
        data = data.ljust(length, b"\0")
    return Container("WEBP", (sides[0], sides[1]), data) if all(sides) else None
