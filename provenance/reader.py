"""From the bytes of a file to all that it says of itself. Total: whatever goes wrong is a note."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from detector.containers import identify
from detector.imaging import ImageError, decode
from provenance import avif, credentials, exif, iptc, jpeg, png, webp, xmp
from provenance.blocks import Blocks
from provenance.container import describe
from provenance.credentials import Credentials
from provenance.exif import Exif
from provenance.fact import Fact, clean, fact
from provenance.iptc import Iptc
from provenance.quantization import recognise
from provenance.record import Provenance
from provenance.software import find_traces
from provenance.summary import summarise
from provenance.thumbnail import compare
from provenance.watermark import find
from provenance.xmp import Xmp

logger = logging.getLogger(__name__)
T = TypeVar("T")

WALKERS: dict[str, Callable[[bytes], Blocks]] = {
    "JPEG": jpeg.walk,
    "PNG": png.walk,
    "WEBP": webp.walk,
    "AVIF": avif.walk,
}
EXIF_TEXTS = (
    *("Software", "ProcessingSoftware", "HostComputer", "ImageDescription", "Artist", "Copyright"),
    *("UserComment", "XPComment", "XPTitle", "XPKeywords", "Make", "Model"),
)
IPTC_TEXTS = ("Program", "Credit", "Source", "Instructions", "Caption", "By", "Copyright")


def read(
    data: bytes, picture: NDArray[np.uint8] | None = None, trust_anchors: str = ""
) -> Provenance:
    """Read what a file says of itself.

    Args:
        data: the file; any bytes.
        picture: (H, W, 3) uint8 RGB as stored, if it was decoded already.
        trust_anchors: PEM certificates of those whose Content Credentials are trusted.
    """
    notes: list[str] = []

    def attempt(what: str, reading: Callable[[], T], otherwise: T) -> T:
        try:
            return reading()
        except Exception as error:  # the file's fault, or a library's: a note either way
            logger.info("%s cannot be read: %r", what, error)
            notes.append(f"{what} could not be read: damaged, or of an unknown kind.")
            return otherwise

    name = identify(data) or ""
    blocks = attempt("The structure", lambda: WALKERS.get(name, _no_blocks)(data), Blocks())
    pixels = attempt("The picture", lambda: _pixels(data, name, picture), None)
    camera = attempt("EXIF", lambda: exif.read(blocks.exif), Exif())
    packet = attempt("XMP", lambda: xmp.read(blocks.xmp), Xmp())
    press = attempt("IPTC", lambda: iptc.read(blocks.photoshop), Iptc())
    signed = Credentials()
    if blocks.signed:
        signed = attempt(
            "Content Credentials",
            lambda: credentials.read(data, name, trust_anchors),
            Credentials("unreadable"),
        )
    found = Provenance(
        container=describe(data, blocks),
        encoder=attempt("The compression", lambda: recognise(blocks), None),
        exif=camera,
        xmp=packet,
        iptc=press,
        texts=tuple(fact(keyword, text) for keyword, text in blocks.texts),
        credentials=signed,
    )
    found = replace(found, traces=find_traces(_texts(blocks, found)))
    if pixels is not None:
        found = replace(
            found,
            thumbnail=attempt("The thumbnail", lambda: compare(camera.thumbnail, pixels), None),
            watermark=attempt("The watermark", lambda: find(pixels), None),
        )
    found = replace(found, notes=tuple(clean(note) for note in (*blocks.notes, *notes)))
    return replace(found, summary=summarise(found))


def _no_blocks(data: bytes) -> Blocks:
    return Blocks()


def _pixels(data: bytes, name: str, picture: NDArray[np.uint8] | None) -> NDArray[np.uint8] | None:
    if picture is not None or not name:
        return picture
    try:
        return decode(data)
    except ImageError:  # said elsewhere, better
        return None


def _texts(blocks: Blocks, found: Provenance) -> Iterator[tuple[str, str]]:
    """Where programs name themselves, most telling first."""
    kind = "PNG text " if found.container.format == "PNG" else ""
    yield from ((f"{kind}{clean(keyword, 80)}", text) for keyword, text in blocks.texts)
    if found.credentials.generator:
        yield "Content Credentials", found.credentials.generator
    rows = found.exif.facts
    yield from ((f"EXIF {row.name}", row.value) for row in rows if row.name in EXIF_TEXTS)
    yield from _values("XMP", found.xmp.facts)
    yield from _values("XMP history", found.xmp.history)
    rows = found.iptc.facts
    yield from ((f"IPTC {row.name}", row.value) for row in rows if row.name in IPTC_TEXTS)
    if found.iptc.photoshop_quality is not None:
        yield "image resources", "Photoshop"


def _values(where: str, facts: tuple[Fact, ...]) -> Iterator[tuple[str, str]]:
    for row in facts:
        yield f"{where} {row.name}" if where == "XMP" else where, row.value
