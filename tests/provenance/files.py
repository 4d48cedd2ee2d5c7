"""Picture files made for the tests: pixels, and metadata put in where a program would."""

from __future__ import annotations

import io
import struct
import zlib

import numpy as np
from numpy.typing import NDArray
from PIL import Image, PngImagePlugin

XMP = b"""<?xpacket begin="" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/" x:xmptk="Adobe XMP Core 7.1">
<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description rdf:about="" xmlns:xmp="http://ns.adobe.com/xap/1.0/"
 xmlns:xmpMM="http://ns.adobe.com/xap/1.0/mm/" xmlns:dc="http://purl.org/dc/elements/1.1/"
 xmlns:stEvt="http://ns.adobe.com/xap/1.0/sType/ResourceEvent#"
 xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/"
 xmp:CreatorTool="%(tool)s" Iptc4xmpExt:DigitalSourceType="%(source)s">
<dc:subject><rdf:Bag><rdf:li>sea</rdf:li><rdf:li>sky</rdf:li></rdf:Bag></dc:subject>
<xmpMM:History><rdf:Seq>
<rdf:li stEvt:action="created" stEvt:when="2024-01-02T03:04:05Z"
 stEvt:softwareAgent="Adobe Photoshop 25.0"/>
<rdf:li rdf:parseType="Resource"><stEvt:action>saved</stEvt:action>
<stEvt:when>2024-02-03T00:00:00Z</stEvt:when></rdf:li>
</rdf:Seq></xmpMM:History>
</rdf:Description></rdf:RDF></x:xmpmeta>
<?xpacket end="w"?>"""


def photo(width: int = 320, height: int = 240, seed: int = 0) -> NDArray[np.uint8]:
    """Smooth colours with structure, (height, width, 3) uint8."""
    rng = np.random.default_rng(seed)
    coarse = Image.fromarray(rng.integers(0, 256, (9, 12, 3), dtype=np.uint8))
    return np.asarray(coarse.resize((width, height), Image.Resampling.BICUBIC))


def jpeg(image: NDArray[np.uint8] | None = None, **options: object) -> bytes:
    buffer = io.BytesIO()
    pixels = photo() if image is None else image
    if "qtables" not in options:  # which Pillow would scale
        options = {"quality": 90, **options}
    Image.fromarray(pixels).save(buffer, "JPEG", **options)
    return buffer.getvalue()


def png(texts: dict[str, str] | None = None, image: NDArray[np.uint8] | None = None) -> bytes:
    buffer, info = io.BytesIO(), PngImagePlugin.PngInfo()
    for keyword, text in (texts or {}).items():
        info.add_text(keyword, text)
    Image.fromarray(photo() if image is None else image).save(buffer, "PNG", pnginfo=info)
    return buffer.getvalue()


def with_segment(data: bytes, marker: int, body: bytes) -> bytes:
    """Put a segment behind a JPEG's start."""
    segment = struct.pack(">BBH", 0xFF, marker, len(body) + 2) + body
    return data[:2] + segment + data[2:]


def with_xmp(data: bytes, tool: str = "", source: str = "") -> bytes:
    packet = XMP % {b"tool": tool.encode(), b"source": source.encode()}
    return with_segment(data, 0xE1, b"http://ns.adobe.com/xap/1.0/\0" + packet)


def with_exif(data: bytes, exif: Image.Exif, thumbnail: bytes = b"") -> bytes:
    """Put EXIF into a JPEG, with a second directory that holds a thumbnail if one is given."""
    blob = exif.tobytes().removeprefix(b"Exif\0\0")
    if thumbnail:
        blob = _chained(blob, thumbnail)
    return with_segment(data, 0xE1, b"Exif\0\0" + blob)


def _chained(blob: bytes, thumbnail: bytes) -> bytes:
    """Let the first directory point to a second one at the end."""
    order = "<" if blob[:2] == b"II" else ">"
    first = struct.unpack_from(order + "I", blob, 4)[0]
    count = struct.unpack_from(order + "H", blob, first)[0]
    link = first + 2 + 12 * count
    entries = [(0x0201, 4, 1, len(blob) + 2 + 24 + 4), (0x0202, 4, 1, len(thumbnail))]
    directory = struct.pack(order + "H", 2)
    directory += b"".join(struct.pack(order + "HHII", *entry) for entry in entries)
    directory += struct.pack(order + "I", 0)
    return (
        blob[:link] + struct.pack(order + "I", len(blob)) + blob[link + 4 :] + directory + thumbnail
    )


def photoshop(quality: int, records: dict[int, bytes]) -> bytes:
    """The body of an APP13 segment: IPTC records and the level noted when saving."""
    iptc = b"".join(
        struct.pack(">BBBH", 0x1C, 2, number, len(text)) + text for number, text in records.items()
    )
    body = b"Photoshop 3.0\0"
    for number, data in ((0x0404, iptc), (0x0406, struct.pack(">hhh", quality - 4, 0, 1) + b"\1")):
        body += b"8BIM" + struct.pack(">HHI", number, 0, len(data)) + data + b"\0" * (len(data) % 2)
    return body


def bomb(keyword: bytes = b"Comment", size: int = 1 << 28) -> bytes:
    """A PNG whose compressed text would take `size` bytes."""
    squeeze = zlib.compressobj(9)
    body = b"".join(squeeze.compress(bytes(1 << 20)) for _ in range(size >> 20)) + squeeze.flush()
    chunk = keyword + b"\0\0" + body
    framed = struct.pack(">I4s", len(chunk), b"zTXt") + chunk
    framed += struct.pack(">I", zlib.crc32(b"zTXt" + chunk))
    data = png()
    return data[:33] + framed + data[33:]
