from __future__ import annotations

import numpy as np
import pytest

from detector import containers
from detector.containers import Container, identify, parse
from detector.imaging import decode
from tests import pictures
from tests.pictures import encode, exif, photo, png, png_chunk

PHOTO = photo()
SIZE = PHOTO.shape[1::-1]
JPEG = encode(PHOTO, "JPEG")
COMMENT = (0xFE, b"somebody was here")


def parsed(data: bytes) -> Container:
    name = identify(data)
    assert name is not None
    container = parse(data, name)
    assert container is not None
    return container


@pytest.mark.parametrize("name", ["PNG", "JPEG", "WEBP", "BMP", "AVIF"])
def test_identified_by_bytes(name: str) -> None:
    data = encode(PHOTO, name)
    assert identify(data) == name
    assert parsed(data).size in (SIZE, None)


@pytest.mark.parametrize("name", ["PNG", "JPEG"])
def test_codecs_see_no_metadata(name: str) -> None:
    tagged = encode(PHOTO, name, exif=exif(6), icc_profile=b"a profile")
    assert b"somebody" in tagged
    assert parsed(tagged).data == parsed(encode(PHOTO, name)).data


def test_a_clean_png_is_left_as_it_is() -> None:
    for data in (png(PHOTO, 2, 8, interlaced=True), png(PHOTO[..., 0], 3, 8, palette=bytes(768))):
        assert parsed(data).data == data


def test_end_of_a_jpeg() -> None:
    assert parsed(JPEG).whole
    assert parsed(JPEG).data[-2:] == b"\xff\xd9"
    assert not parsed(JPEG[:-2]).whole
    assert parsed(JPEG[: JPEG.index(b"\xff\xda") + 5]).data == b""


def test_a_picture_after_the_end_is_not_taken() -> None:
    assert parse(b"\xff\xd8\xff\xd9\0\2" + JPEG, "JPEG") is None


def test_segments_without_a_length_are_passed_over() -> None:
    damaged = JPEG[:2] + b"\xff\xe1\0\0\xff\xdb\0\1\xff\xff\xff\0\xff\xd3" + JPEG[2:]
    assert parsed(damaged).data == parsed(JPEG).data


def test_first_frame_header_counts() -> None:
    segments, scans = pictures.split_jpeg(JPEG)
    first = next(body for marker, body in segments if marker == 0xC0)
    second = first[:1] + b"\0\x08\0\x08" + first[5:]
    data = pictures.join_jpeg([*segments, (0xC0, second)], scans)
    assert parsed(data).size == SIZE
    np.testing.assert_array_equal(decode(data), decode(JPEG))


def test_oversized_tables_are_dropped() -> None:
    for marker in (0xC4, 0xDB):
        data = pictures.with_segments(JPEG, (marker, bytes(60_000)))
        assert parsed(data).data == parsed(JPEG).data


def test_number_of_segments_is_bounded() -> None:
    assert parsed(pictures.with_segments(JPEG, *[COMMENT] * 4000)).data == parsed(JPEG).data
    assert parse(pictures.with_segments(JPEG, *[COMMENT] * 5000), "JPEG") is None


def test_number_of_chunks_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(containers, "MAX_PNG_CHUNKS", 50)
    text = png_chunk(b"tEXt", b"a\0b")
    few, many = (png(PHOTO, 2, 8, before=[text] * count) for count in (40, 60))
    assert parsed(few).data == parsed(png(PHOTO, 2, 8)).data
    assert len(parsed(many).data) < 100


def test_truncated_webp_is_filled_up_within_limits() -> None:
    data = encode(PHOTO, "WEBP")
    assert len(parsed(data[:-100]).data) == len(data)
    large = data[:4] + (80_000_000).to_bytes(4, "little") + data[8:]
    assert parsed(large).data == large


@pytest.mark.parametrize("options", [{}, {"quality": 70}, {"exif": exif(1)}])
@pytest.mark.parametrize("size", [(1, 1), (3, 300), (300, 3)])
def test_size_of_each_kind_of_webp(size: tuple[int, int], options: dict[str, object]) -> None:
    data = encode(np.full((*size, 3), 90, np.uint8), "WEBP", **options)
    assert parsed(data).size == size[::-1]


@pytest.mark.parametrize("name", ["PNG", "JPEG", "WEBP"])
def test_headers_cut_short(name: str) -> None:
    data = encode(PHOTO, name)
    for end in range(12, 25):
        assert parse(data[:end], name) is None
