from __future__ import annotations

import hashlib
import io

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import ExifTags, Image

from provenance import Provenance, read
from provenance.fact import MAX_VALUE
from tests.provenance.files import (
    bomb,
    jpeg,
    photo,
    photoshop,
    png,
    with_exif,
    with_segment,
    with_xmp,
)

GOOGLE = "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"


def camera(thumbnail: bytes = b"") -> bytes:
    exif = Image.Exif()
    exif[ExifTags.Base.Make] = "Canon"
    exif[ExifTags.Base.Model] = "Canon EOS 350D"
    exif.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.DateTimeOriginal] = "2024:05:01 12:00:00"
    return with_exif(jpeg(), exif, thumbnail)


def full() -> bytes:
    data = with_xmp(camera(jpeg(photo(160, 120))), "Adobe Photoshop 25.0", GOOGLE)
    data = with_segment(data, 0xED, photoshop(8, {110: b"Made with Google AI"}))
    return with_segment(data, 0xFE, b"a comment") + b"PK\x03\x04rest"


def webp() -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(photo()).save(buffer, "WEBP", exif=Image.Exif().tobytes(), xmp=b"<x/>")
    return buffer.getvalue()


def avif() -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(photo(64, 48)).save(buffer, "AVIF", xmp=b"<x/>", speed=10)
    return buffer.getvalue()


SEEDS = (full(), png({"parameters": "Steps: 1, Sampler: x", "prompt": "{}"}), webp(), avif())


def test_everything_of_a_full_file_is_found() -> None:
    found = read(full())
    assert found.container.format == "JPEG"
    assert found.container.sha256 == hashlib.sha256(full()).hexdigest()
    assert (found.container.trailing, found.container.trailer) == (8, "a ZIP archive")
    assert found.exif.get("Model") == "Canon EOS 350D"
    assert found.xmp.get("xmp:CreatorTool") == "Adobe Photoshop 25.0"
    assert found.iptc.photoshop_quality == 8
    assert {trace.name for trace in found.traces} >= {"generative AI", "Google AI"}
    assert found.thumbnail is not None
    assert not found.thumbnail.differs
    assert found.encoder is not None
    assert found.texts[0].value == "a comment"
    assert found.notes == ()
    titles = [section.title for section in found.sections()]
    assert titles[0] == "Programs named by the file"
    assert "Editing history (XMP)" in titles


def test_the_summary_is_in_plain_words() -> None:
    job = "castle Job ID: 0b1f8f1c-9c1e-4a5d-8b1c-0123456789ab"
    summary = read(png({"Description": job})).summary
    assert summary[0] == "The file says it was made by Midjourney."
    assert summary[-1].startswith("A file can say anything")
    assert "It names a camera, Canon EOS 350D on 2024-05-01." in read(camera()).summary


@pytest.mark.parametrize("data", [jpeg(), png()])
def test_a_silent_file_is_said_to_be_silent(data: bytes) -> None:
    assert read(data).summary[0].startswith("The file says nothing about where it comes from")


@pytest.mark.parametrize("data", [b"", b"hello", b"\0" * 100, b"%PDF-1.4"])
def test_what_is_no_picture_is_said_to_be_none(data: bytes) -> None:
    found = read(data)
    assert found.container.size == len(data)
    assert not found.container.readable
    assert found.notes == ()
    assert found.summary


def test_a_thumbnail_of_another_picture_is_reported() -> None:
    found = read(camera(jpeg(photo(160, 120, seed=9))))
    assert found.thumbnail is not None
    assert found.thumbnail.differs
    assert any("small copy inside the file differs" in line for line in found.summary)


def test_a_picture_behind_the_picture_is_reported() -> None:
    found = read(jpeg() + jpeg())
    assert found.container.trailer == "another JPEG"
    assert "another JPEG" in " ".join(found.summary)


def test_a_text_that_unpacks_to_gigabytes_is_cut() -> None:
    found = read(bomb())
    assert [row.name for row in found.texts] == ["Comment"]


def test_markup_and_direction_marks_do_not_survive_as_such() -> None:
    text = "<script>alert(1)</script>\u202egpj.exe\0\x1b[31m"
    (row,) = read(png({"Comment": text})).texts
    assert row.value == "<script>alert(1)</script>gpj.exe"  # escaped where it is shown


def test_a_block_that_cannot_be_read_is_a_note() -> None:
    data = with_segment(jpeg(), 0xE1, b"http://ns.adobe.com/xap/1.0/\0<broken")
    assert any(note.startswith("XMP could not be read") for note in read(data).notes)


class File(bytes):
    """Bytes that a failing test does not print in full."""

    def __repr__(self) -> str:
        return f"File.fromhex({self[:200].hex()!r}...{len(self)})"


def check(found: Provenance) -> None:
    """What holds for any file whatsoever."""
    assert found.summary
    for section in found.sections():
        for row in section.facts:
            assert len(row.value) <= 2 * MAX_VALUE
            assert row.value.isprintable()
            row.value.encode("utf-8")


@st.composite
def mutated(draw: st.DrawFn) -> File:
    """A good file with bytes changed, cut, doubled or put in."""
    data = bytearray(draw(st.sampled_from(SEEDS)))
    for _ in range(draw(st.integers(1, 6))):
        at = draw(st.integers(0, max(0, min(len(data), 4000) - 1)))
        match draw(st.integers(0, 3)):
            case 0:
                data[at : at + 4] = draw(st.binary(max_size=8))
            case 1:
                del data[at : at + draw(st.integers(1, 300))]
            case 2:
                data[at:at] = data[at : at + draw(st.integers(1, 300))]
            case _:
                del data[len(data) - draw(st.integers(0, len(data))) :]
        if not data:
            break
    return File(data)


# Pillow tells of broken EXIF in warnings, which are errors here and notes for the visitor
@pytest.mark.filterwarnings("ignore::UserWarning")
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(mutated())
def test_any_file_gets_an_answer(data: bytes) -> None:
    check(read(data))


@pytest.mark.filterwarnings("ignore::UserWarning")
@settings(max_examples=40, deadline=None)
@given(st.sampled_from([b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"RIFF____WEBP", b""]), st.binary())
def test_any_bytes_get_an_answer(head: bytes, rest: bytes) -> None:
    check(read(head + rest))
