"""The blocks of a picture file that are not pixels, found by walking its container."""

from __future__ import annotations

from dataclasses import dataclass, field

MAX_EXIF = 1 << 16  # bytes, as in a JPEG segment; entries may share values, so memory is its square
MAX_XMP = 1 << 20  # bytes; a long edit history takes a tenth
MAX_PROFILE = 1 << 20  # bytes of an ICC profile or of Photoshop's resources
MAX_TEXT = 1 << 18  # bytes of one text; a ComfyUI workflow takes a tenth of it
MAX_TEXTS = 64  # per file; generators write at most a handful


@dataclass(slots=True)
class Frame:
    """A JPEG's frame header.

    Attributes:
        marker: 0xC0..0xCF, the kind of coding.
        precision: bits a sample.
        size: stored (width, height).
        sampling: (horizontal, vertical) factors of each component.
        tables: the quantization table of each component.
    """

    marker: int
    precision: int
    size: tuple[int, int]
    sampling: list[tuple[int, int]]
    tables: list[int]


@dataclass(slots=True)
class Blocks:
    """What was found.

    Attributes:
        exif: TIFF structure, with or without its `Exif` prefix; empty if there is none.
        xmp: the packet, XML; empty if there is none.
        photoshop: Photoshop's image resources (8BIM); empty if there are none.
        icc: colour profile; empty if there is none.
        texts: (keyword, text) of PNG texts and JPEG comments.
        quantization: of a JPEG, tables by number, 64 values in zigzag order.
        frame: of a JPEG.
        scans: of a JPEG, how many; 0 elsewhere.
        images: how many pictures the file announces.
        end: position after the last byte of the first picture; None where it is not known.
        signed: there is a block as Content Credentials use it.
        notes: what was odd, in words.
    """

    exif: bytes = b""
    xmp: bytes = b""
    photoshop: bytes = b""
    icc: bytes = b""
    texts: list[tuple[str, str]] = field(default_factory=list)
    quantization: dict[int, tuple[int, ...]] = field(default_factory=dict)
    frame: Frame | None = None
    scans: int = 0
    images: int = 1
    end: int | None = None
    signed: bool = False
    notes: list[str] = field(default_factory=list)

    def add_text(self, keyword: str, text: str) -> None:
        if len(self.texts) < MAX_TEXTS:
            self.texts.append((keyword, text[:MAX_TEXT]))
