"""IPTC-IIM records and what else Photoshop keeps in its image resources.

See the IPTC Information Interchange Model 4.2 and Adobe's Photoshop File Formats Specification.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

from provenance.fact import Fact, decoded, fact

MAX_RESOURCES = 500  # Photoshop writes about thirty
MAX_RECORDS = 500
SIGNATURE = b"8BIM"
IPTC, QUALITY = 0x0404, 0x0406
QUALITY_ZERO = 4  # the quality is stored minus this
NAMES = {
    **{5: "Title", 10: "Urgency", 15: "Category", 20: "Other category", 25: "Keyword"},
    **{40: "Instructions", 55: "Date created", 60: "Time created", 62: "Date digitised"},
    **{63: "Time digitised", 65: "Program", 70: "Program version", 80: "By", 85: "By, title"},
    **{90: "City", 92: "Place", 95: "Province", 100: "Country code", 101: "Country"},
    **{103: "Job reference", 105: "Headline", 110: "Credit", 115: "Source", 116: "Copyright"},
    **{118: "Contact", 120: "Caption", 122: "Caption writer"},
}


@dataclass(frozen=True, slots=True)
class Iptc:
    """What the image resources say.

    Attributes:
        facts: IPTC fields in the order of the file.
        photoshop_quality: 0..12, the level that Photoshop noted when saving; None if it did not.
    """

    facts: tuple[Fact, ...] = ()
    photoshop_quality: int | None = None

    def get(self, name: str) -> str:
        """The value of a field as shown; empty if it is missing."""
        return next((row.value for row in self.facts if row.name == name), "")


def read(resources: bytes) -> Iptc:
    """Read Photoshop's image resources, or bare IPTC records, as far as they hold together."""
    if resources[:1] == b"\x1c":
        return Iptc(tuple(_records(resources)))
    facts: list[Fact] = []
    quality = None
    position = 0
    for _ in range(MAX_RESOURCES):
        if resources[position : position + 4] != SIGNATURE or position + 12 > len(resources):
            break
        number, name_length = struct.unpack_from(">HB", resources, position + 4)
        position += 6 + (name_length + 2) // 2 * 2
        length = int.from_bytes(resources[position : position + 4], "big")
        body = resources[position + 4 : position + 4 + length]
        position += 4 + length + (length & 1)
        if number == IPTC:
            facts += _records(body)
        elif number == QUALITY and len(body) >= 2:
            level = struct.unpack_from(">h", body)[0] + QUALITY_ZERO
            quality = level if 0 <= level <= 12 else None
    return Iptc(tuple(facts), quality)


def _records(body: bytes) -> list[Fact]:
    facts: list[Fact] = []
    position = 0
    for _ in range(MAX_RECORDS):
        if position + 5 > len(body) or body[position] != 0x1C:
            break
        record, number, length = struct.unpack_from(">BBH", body, position + 1)
        if length & 0x8000:  # lengths above 32 kB: no text is that long
            break
        value = body[position + 5 : position + 5 + length]
        position += 5 + length
        if record == 2 and number in NAMES and value:
            facts.append(fact(NAMES[number], decoded(value)))
    return facts
