"""The file as such: what it is by its content, how long, and what lies behind the picture."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass

from detector.containers import SUPPORTED, UNSUPPORTED, identify
from provenance.blocks import Blocks
from provenance.fact import Fact
from provenance.icc import profile_name

PICTURE = re.compile(rb"\xff\xd8\xff[\xe0-\xef\xdb]")  # how a JPEG begins, followed by a table
TRAILERS = {  # by how they begin; searched for within the first bytes
    "another JPEG": re.compile(PICTURE.pattern),
    "a video (motion photo)": re.compile(rb".{0,64}?ftyp(?:mp4|isom|mp42|qt)", re.DOTALL),
    "a ZIP archive": re.compile(rb"PK\x03\x04"),
    "a RAR archive": re.compile(rb"Rar!"),
    "a PNG": re.compile(rb"\x89PNG"),
    "a PDF": re.compile(rb"%PDF"),
    "Samsung's data": re.compile(rb".{0,32}?(?:SEFH|Image_UTC_Data|MotionPhoto)", re.DOTALL),
    "nothing but zeros": re.compile(rb"\0+\Z"),
}


@dataclass(frozen=True, slots=True)
class Container:
    """What was found.

    Attributes:
        format: name by content; empty if the content is of no known kind.
        readable: whether it is a format that this program decodes.
        size: bytes.
        sha256: of the file, hexadecimal.
        images: how many pictures the file announces.
        trailing: bytes after the end of the picture; None where the end is not known.
        trailer: what they seem to be; empty if there are none.
        profile: the colour profile's name; empty if there is none.
    """

    format: str
    readable: bool
    size: int
    sha256: str
    images: int
    trailing: int | None
    trailer: str
    profile: str

    def facts(self) -> tuple[Fact, ...]:
        """Rows of a table."""
        rows = [
            Fact("Type by content", self.format or "unknown"),
            Fact("Size", f"{self.size:,} bytes"),
            Fact("SHA-256", self.sha256),
        ]
        if self.images > 1:
            rows.append(Fact("Pictures in the file", str(self.images)))
        if self.trailing:
            count = f"{self.trailing:,} bytes"
            rows.append(Fact("After the end of the picture", f"{count}: {self.trailer}"))
        elif self.trailing == 0:
            rows.append(Fact("After the end of the picture", "nothing"))
        if self.profile:
            rows.append(Fact("Colour profile", self.profile))
        return tuple(rows)


def describe(data: bytes, blocks: Blocks) -> Container:
    """Describe a file whose blocks are known."""
    name = identify(data)
    trailing = None if blocks.end is None else max(0, len(data) - blocks.end)
    return Container(
        format=name or identify(data, UNSUPPORTED) or "",
        readable=name in SUPPORTED,
        size=len(data),
        sha256=hashlib.sha256(data).hexdigest(),
        images=blocks.images,
        trailing=trailing,
        trailer=_trailer(data, blocks.end or 0) if trailing else "",
        profile=profile_name(blocks.icc),
    )


def _trailer(data: bytes, end: int) -> str:
    view = data[end : end + (1 << 16)]
    for name, pattern in TRAILERS.items():
        if pattern.match(view):
            return name
    return "data of an unknown kind"
