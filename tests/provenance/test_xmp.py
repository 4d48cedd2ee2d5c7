from __future__ import annotations

import pytest

from provenance import xmp
from tests.provenance.files import XMP

PACKET = XMP % {b"tool": b"GIMP 2.10", b"source": b"x"}


def test_properties_lists_and_history_are_read() -> None:
    read = xmp.read(PACKET)
    assert read.toolkit == "Adobe XMP Core 7.1"
    assert read.get("xmp:CreatorTool") == "GIMP 2.10"
    assert read.get("dc:subject") == "sea, sky"
    assert [(row.name, row.value) for row in read.history] == [
        ("2024-01-02T03:04:05Z", "created, with Adobe Photoshop 25.0"),
        ("2024-02-03T00:00:00Z", "saved"),
    ]


@pytest.mark.parametrize("packet", [b"", b"   \0\0"])
def test_nothing_says_nothing(packet: bytes) -> None:
    assert xmp.read(packet) == xmp.Xmp()


@pytest.mark.parametrize(
    "packet",
    [
        b"<a>",
        b"no xml",
        b"\xff\xfe\x00",
        b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>',
        b'<!DOCTYPE a SYSTEM "file:///etc/passwd"><a/>',
    ],
)
def test_what_is_no_xmp_is_refused(packet: bytes) -> None:
    with pytest.raises(ValueError, match="not well-formed"):
        xmp.read(packet)


def test_depth_and_number_are_bounded() -> None:
    rdf = b'xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:n="n:"'
    wide = b"<n:p>v</n:p>" * 5000
    deep = b"<n:d>" * 2000 + b"</n:d>" * 2000
    packet = b"<r %s><rdf:Description>%s%s</rdf:Description></r>" % (rdf, deep, wide)
    assert len(xmp.read(packet).facts) == xmp.MAX_PROPERTIES
