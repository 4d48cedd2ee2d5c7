from __future__ import annotations

from provenance import iptc
from tests.provenance.files import photoshop


def test_records_and_the_level_are_read() -> None:
    body = photoshop(10, {80: b"Someone", 110: "Caf\u00e9".encode(), 90: b"London", 7: b"status"})
    read = iptc.read(body.removeprefix(b"Photoshop 3.0\0"))
    assert read.photoshop_quality == 10
    assert [tuple(row) for row in read.facts] == [
        ("By", "Someone"),
        ("Credit", "Caf\u00e9"),
        ("City", "London"),
    ]


def test_bare_records_are_read() -> None:
    assert iptc.read(b"\x1c\x02\x05\x00\x02Hi").get("Title") == "Hi"


def test_what_is_cut_short_is_read_as_far_as_it_goes() -> None:
    body = photoshop(4, {5: b"One", 25: b"Two"}).removeprefix(b"Photoshop 3.0\0")
    for end in range(len(body)):
        read = iptc.read(body[:end])
        assert read.photoshop_quality in (None, 4)
