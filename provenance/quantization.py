"""Which encoder wrote a JPEG, by its quantization tables, and how finely it keeps colour.

The standard tables are those of ITU-T T.81, annex K, scaled as libjpeg's `jpeg_set_quality` does.
Adobe's levels are not published: the digests are of single files found with them. Where a file
also notes Photoshop's level (image resource 0x0406) the two agree, which was checked on nine files
of the levels 5, 8, 10 and 12; the other names rest on one source each.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cache
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from provenance.blocks import Blocks, Frame
from provenance.fact import Fact

Table = tuple[int, ...]
Sureness = Literal["exact", "estimate"]

# fmt: off
ZIGZAG = (
    0, 1, 8, 16, 9, 2, 3, 10, 17, 24, 32, 25, 18, 11, 4, 5, 12, 19, 26, 33, 40, 48, 41, 34, 27, 20,
    13, 6, 7, 14, 21, 28, 35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51, 58, 59,
    52, 45, 38, 31, 39, 46, 53, 60, 61, 54, 47, 55, 62, 63,
)
STANDARD_LUMA = (
    16, 11, 10, 16, 24, 40, 51, 61, 12, 12, 14, 19, 26, 58, 60, 55,
    14, 13, 16, 24, 40, 57, 69, 56, 14, 17, 22, 29, 51, 87, 80, 62,
    18, 22, 37, 56, 68, 109, 103, 77, 24, 35, 55, 64, 81, 104, 113, 92,
    49, 64, 78, 87, 103, 121, 120, 101, 72, 92, 95, 98, 112, 100, 103, 99,
)
STANDARD_CHROMA = (
    17, 18, 24, 47, 99, 99, 99, 99, 18, 21, 26, 66, 99, 99, 99, 99,
    24, 26, 56, 99, 99, 99, 99, 99, 47, 66, 99, 99, 99, 99, 99, 99, *(99,) * 32,
)
MOZJPEG = (  # its default, for luma and chroma alike
    16, 16, 16, 18, 25, 37, 56, 85, 16, 17, 20, 27, 34, 40, 53, 75,
    16, 20, 24, 31, 43, 62, 91, 135, 18, 27, 31, 40, 53, 74, 106, 156,
    25, 34, 43, 53, 69, 94, 131, 189, 37, 40, 62, 74, 94, 124, 169, 238,
    56, 53, 91, 106, 131, 169, 226, 311, 85, 75, 135, 156, 189, 238, 311, 418,
)
# fmt: on
ADOBE = {  # first 16 digits of SHA-256 over luma then chroma table, in zigzag order
    "14bb6b6680fef8db": "Adobe Photoshop, quality 12",
    "896d600ef9a59424": "Adobe Photoshop, quality 10",
    "03333ba16efa5d8b": "Adobe Photoshop, quality 8",
    "66b62a2863cd5143": "Adobe Photoshop, quality 5",
    "2b7b0e226e70ccf9": "Adobe Photoshop, quality 2",
    "5f9d85883560dc25": "Adobe Photoshop, Save for Web at about 80",
    "973b8d692618f21c": "Adobe Lightroom at 93 to 100, or Photoshop",
    "4b447438690ce514": "Adobe Lightroom at 77 to 84, or Photoshop",
    "3aa9595b47b7731a": "Adobe Lightroom at 62 to 69, or Photoshop",
    "5e59de60ffb5f1ed": "Adobe Lightroom at 24 to 30, or Photoshop",
}
STANDARD = "The standard tables (libjpeg and whatever uses it)"
MOZILLA = "mozjpeg's tables"
CUSTOM = "Tables of its own"
MEANINGS = {
    STANDARD: "Most programs and websites, and many phones, write these. They name no maker, but a "
    "camera that uses tables of its own did not save this file last.",
    MOZILLA: "Websites and optimisers write these, so the file was probably saved again.",
    CUSTOM: "Cameras, phones and some programs have their own. Which, cannot be told from the "
    "tables alone.",
    "Adobe": "Known from Adobe's programs: the file was probably saved with one of them.",
}
SUBSAMPLING = {
    ((1, 1), (1, 1), (1, 1)): "4:4:4, colour at full resolution",
    ((2, 1), (1, 1), (1, 1)): "4:2:2, colour at half the width",
    ((2, 2), (1, 1), (1, 1)): "4:2:0, colour at half the width and height",
    ((1, 2), (1, 1), (1, 1)): "4:4:0, colour at half the height",
    ((4, 1), (1, 1), (1, 1)): "4:1:1, colour at a quarter of the width",
}
CODING = {0xC0: "baseline", 0xC1: "extended sequential", 0xC2: "progressive", 0xC3: "lossless"}


@dataclass(frozen=True, slots=True)
class Encoder:
    """How a JPEG was written.

    Attributes:
        name: whose tables these are.
        quality: 1..100 on libjpeg's scale; an estimate for foreign tables; None without tables.
        sureness: "exact" where all numbers agree.
        meaning: what follows from it, in words.
        coding: baseline, progressive ...
        subsampling: how finely colour is kept, in words.
        tables: the quantization tables, natural order, rows of eight, luma first.
    """

    name: str
    quality: int | None
    sureness: Sureness
    meaning: str
    coding: str
    subsampling: str
    tables: tuple[Table, ...]

    def facts(self) -> tuple[Fact, ...]:
        """Rows of a table."""
        if self.quality is None:
            quality = "unknown"
        elif self.sureness == "exact":
            quality = f"{self.quality} of 100 (exact)"
        else:
            quality = f"about {self.quality} of 100 on libjpeg's scale (estimate)"
        return (
            Fact("Encoder by its tables", self.name),
            Fact("Quality", quality),
            Fact("What that says", self.meaning),
            Fact("Coding", self.coding),
            Fact("Colour", self.subsampling),
        )


def recognise(blocks: Blocks) -> Encoder | None:
    """Name the encoder of a JPEG; None for other files and for one without a frame."""
    if blocks.frame is None:
        return None
    frame = blocks.frame
    zigzag = [
        blocks.quantization[i] for i in dict.fromkeys(frame.tables) if i in blocks.quantization
    ]
    tables = tuple(natural(table) for table in zigzag)
    name, quality, sureness = _match(tables, zigzag)
    meaning = MEANINGS["Adobe" if name.startswith("Adobe") else name]
    coding = CODING.get(frame.marker, f"of kind 0x{frame.marker:02X}")
    if blocks.scans > 1:
        coding += f", {blocks.scans} scans"
    return Encoder(name, quality, sureness, meaning, coding, _subsampling(frame), tables)


def natural(zigzag: Table) -> Table:
    """Bring 64 values from zigzag order into rows."""
    values = [0] * 64
    for value, position in zip(zigzag, ZIGZAG, strict=True):
        values[position] = value
    return tuple(values)


def _match(tables: tuple[Table, ...], zigzag: list[Table]) -> tuple[str, int | None, Sureness]:
    if not tables:
        return CUSTOM, None, "estimate"
    closest = _closest_quality(tables)
    coded = b"".join(bytes(min(value, 255) for value in table) for table in zigzag[:2])
    if adobe := ADOBE.get(hashlib.sha256(coded).hexdigest()[:16]):
        return adobe, closest, "estimate"
    # from 100 down, since at low quality several settings give the same numbers
    for quality in range(100, 0, -1):
        luma, chroma = _scaled(STANDARD_LUMA, quality), _scaled(STANDARD_CHROMA, quality)
        if tables[0] == luma and all(table in (luma, chroma) for table in tables[1:]):
            return STANDARD, quality, "exact"
    for quality in range(100, 0, -1):
        # above 98 its tables are all ones and twos, as others' are
        if all(table == _scaled(MOZJPEG, quality) for table in tables) and quality < 98:
            return MOZILLA, quality, "exact"
    return CUSTOM, closest, "estimate"


@cache
def _scaled(base: Table, quality: int) -> Table:
    scale = 5000 // quality if quality < 50 else 200 - 2 * quality
    return tuple(min(255, max(1, (value * scale + 50) // 100)) for value in base)


def _closest_quality(tables: tuple[Table, ...]) -> int:
    """The libjpeg quality whose luma table is nearest, by the mean ratio."""
    ours = np.log(np.maximum(np.asarray(tables[0], np.float64), 1.0))
    distances = np.abs(_all_luma() - ours).mean(axis=1)
    return int(np.argmin(distances)) + 1


@cache
def _all_luma() -> NDArray[np.float64]:
    tables = [_scaled(STANDARD_LUMA, quality) for quality in range(1, 101)]
    return np.log(np.asarray(tables, np.float64))


def _subsampling(frame: Frame) -> str:
    if len(frame.sampling) == 1:
        return "none, grey"
    factors = tuple(frame.sampling)
    if len(factors) == 3 and factors in SUBSAMPLING:
        return SUBSAMPLING[factors]
    return "factors " + ", ".join(f"{across}\u00d7{down}" for across, down in factors)
