"""All that was read from one file, ready to be shown."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from provenance.container import Container
from provenance.credentials import Credentials
from provenance.exif import Exif
from provenance.fact import Fact
from provenance.iptc import Iptc
from provenance.quantization import Encoder
from provenance.software import Trace
from provenance.thumbnail import Thumbnail
from provenance.watermark import Watermark
from provenance.xmp import Xmp

KINDS = {
    "generator": "makes pictures by AI",
    "assistant": "changes pictures by AI",
    "editor": "edits pictures",
    "camera": "takes pictures",
    "converter": "converts pictures",
}
_WORDS = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_NAMES = {
    **{"FNumber": "Aperture", "DateTime": "Date changed", "DateTimeOriginal": "Date taken"},
    **{"DateTimeDigitized": "Date digitised", "ISOSpeedRatings": "ISO"},
    **{"FocalLengthIn35mmFilm": "Focal length as on 35 mm film", "ColorSpace": "Colour space"},
    **{"ExifImageWidth": "Width", "ExifImageHeight": "Height"},
}


@dataclass(frozen=True, slots=True)
class Section:
    """One table.

    Attributes:
        title: of the table.
        hint: one or two sentences on what it can tell and what not.
        facts: its rows; a table without rows is not shown.
    """

    title: str
    hint: str
    facts: tuple[Fact, ...]


@dataclass(frozen=True, slots=True)
class Provenance:
    """What a file says of itself.

    Attributes:
        container: type, size, hash, what lies behind the picture.
        encoder: of a JPEG, whose tables it has.
        exif, xmp, iptc: metadata; empty where there is none.
        texts: PNG texts and comments.
        traces: programs that the file names.
        thumbnail: the embedded picture and how it compares; None if there is none.
        credentials: Content Credentials, checked.
        watermark: a known invisible mark; None if there is none.
        summary: the whole in plain words, most important first.
        notes: what could not be read.
    """

    container: Container
    encoder: Encoder | None = None
    exif: Exif = field(default_factory=Exif)
    xmp: Xmp = field(default_factory=Xmp)
    iptc: Iptc = field(default_factory=Iptc)
    texts: tuple[Fact, ...] = ()
    traces: tuple[Trace, ...] = ()
    thumbnail: Thumbnail | None = None
    credentials: Credentials = field(default_factory=Credentials)
    watermark: Watermark | None = None
    summary: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    def sections(self) -> tuple[Section, ...]:
        """The tables that have rows, most telling first."""
        xmp = ((Fact("Toolkit", self.xmp.toolkit),) if self.xmp.toolkit else ()) + self.xmp.facts
        tables = (
            Section(
                "Programs named by the file",
                "Names can be removed or forged; that none is there says nothing.",
                tuple(
                    Fact(trace.name, f"{KINDS[trace.kind]} \u2013 {trace.where}: {trace.quote}")
                    for trace in self.traces
                ),
            ),
            Section(
                "Content Credentials (C2PA)",
                "A signed history. An intact signature shows that nothing was changed after "
                "signing, not that what was signed is true.",
                self.credentials.facts() if self.credentials.state != "none" else (),
            ),
            Section(
                "Invisible watermark",
                "Found only in files saved without loss and never resized.",
                self._watermark(),
            ),
            Section(
                "Compression",
                "Whose quantization tables a JPEG has, and how strongly it was compressed when it "
                "was last saved. What was done before that does not show here.",
                self._compression(),
            ),
            Section(
                "Embedded thumbnail",
                "Cameras write a small copy into the file. A program that does not renew it leaves "
                "the earlier state in it.",
                self._thumbnail(),
            ),
            Section(
                "Editing history (XMP)",
                "Written by the programs themselves, one step a row; often incomplete.",
                self.xmp.history,
            ),
            Section(
                "Camera data (EXIF)",
                "Written by the camera, carried along by programs, and easily edited.",
                tuple(Fact(readable(row.name), row.value) for row in self.exif.facts),
            ),
            Section("Further metadata (XMP)", "Written by programs, rarely by cameras.", xmp),
            Section("Press data (IPTC)", "Entered by people and agencies.", self.iptc.facts),
            Section(
                "Texts in the file",
                "Comments and keyword texts; generators put their prompts here.",
                self.texts,
            ),
            Section("The file", "What it is by its content, whatever its name says.", self._file()),
        )
        return tuple(section for section in tables if section.facts)

    def _file(self) -> tuple[Fact, ...]:
        return (*self.container.facts(), *(Fact("Note", note) for note in self.notes))

    def _compression(self) -> tuple[Fact, ...]:
        rows = self.encoder.facts() if self.encoder else ()
        if self.iptc.photoshop_quality is not None:
            level = f"level {self.iptc.photoshop_quality} of 12"
            rows = (*rows, Fact("Photoshop's own note", f"{level}, when Photoshop last saved it"))
        return rows

    def _watermark(self) -> tuple[Fact, ...]:
        if self.watermark is None:
            return ()
        mark = self.watermark
        return (Fact(mark.name, f"{mark.agreeing} of {mark.bits} bits agree with its mark"),)

    def _thumbnail(self) -> tuple[Fact, ...]:
        if self.thumbnail is None:
            return ()
        small = self.thumbnail
        height, width = small.image.shape[:2]
        words = f"differs: {small.reason}" if small.differs else "shows the same as the picture"
        return (
            Fact("Comparison", words),
            Fact("Likeness", f"{small.correlation:.2f} (1 is the same, 0 unrelated)"),
            Fact("Size compared", f"{width} \u00d7 {height} px"),
        )


def readable(tag: str) -> str:
    """`ExposureBiasValue` as people would write it."""
    if tag in _NAMES:
        return _NAMES[tag]
    first, *rest = _WORDS.sub(" ", tag).split(" ")
    return " ".join([first, *(word if word.isupper() else word.lower() for word in rest)])
