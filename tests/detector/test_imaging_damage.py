from __future__ import annotations

import re
import zlib

import numpy as np
import pytest

from detector import containers
from detector.imaging import ImageError, decode
from tests import pictures
from tests.detector.kinds import FILES, HEIGHT, PHOTO, SOME, difference
from tests.pictures import encode, photo, png, png_chunk


@pytest.mark.parametrize(
    "data",
    [
        encode(photo(200, 300)),
        encode(photo(200, 300), "JPEG"),
        encode(photo(200, 300), "JPEG", restart_marker_blocks=3),
        encode(photo(200, 300), "WEBP", quality=80),
        encode(photo(200, 300), "WEBP"),
    ],
    ids=["png", "jpeg", "jpeg restarts", "webp", "webp lossless"],
)
def test_truncated_file_keeps_its_upper_part(data: bytes) -> None:
    whole, half = decode(data), decode(data[: len(data) * 6 // 10])
    np.testing.assert_array_equal(half[:70], whole[:70])
    assert (half[190:] != whole[190:]).any()


def test_truncated_bmp_keeps_its_lower_part() -> None:
    half = decode(FILES["bmp"][: len(FILES["bmp"]) * 6 // 10])
    np.testing.assert_array_equal(half[HEIGHT // 2 :], PHOTO[HEIGHT // 2 :])
    assert not half[0].any()


@pytest.mark.parametrize("name", ["png rgb", "png palette", "png interlaced", "png animated"])
def test_png_cut_anywhere_behind_its_header(name: str) -> None:
    for end in range(29, len(FILES[name]), 37):
        assert decode(FILES[name][:end]).shape == PHOTO.shape


@pytest.mark.parametrize("name", ["jpeg", "jpeg progressive", "jpeg grey", "jpeg cmyk", "jpeg mpo"])
def test_jpeg_cut_anywhere_behind_its_header(name: str) -> None:
    data = FILES[name]
    frame = b"\xff\xc2" if name == "jpeg progressive" else b"\xff\xc0"
    start = data.index(frame)
    behind = start + 2 + int.from_bytes(data[start + 2 : start + 4], "big")
    for end in range(behind, len(data), 7):
        assert decode(data[:end]).shape == PHOTO.shape
    for end in range(4, behind, 7):
        with pytest.raises(ImageError):
            decode(data[:end])


def test_nothing_but_a_header_is_grey_or_black() -> None:
    jpeg = FILES["jpeg"]
    assert (decode(jpeg[: jpeg.index(b"\xff\xda")]) == 128).all()
    assert (decode(FILES["png rgb"][:33]) == 0).all()


def test_thumbnail_does_not_pass_for_a_truncated_picture() -> None:
    thumbnail = encode(photo(16, 16), "JPEG")
    tagged = pictures.with_segments(FILES["jpeg"], (0xE1, b"Exif\0\0" + thumbnail))
    np.testing.assert_array_equal(decode(tagged), decode(FILES["jpeg"]))
    with pytest.raises(ImageError) as failure:
        decode(tagged[: len(thumbnail)])
    assert failure.value.code == "corrupt_image"


@pytest.mark.parametrize("kind", [b"IHDR", b"IDAT", b"tEXt", b"IEND"])
def test_wrong_checksum_is_forgiven(kind: bytes) -> None:
    data = bytearray(png(PHOTO, 2, 8, before=[png_chunk(b"tEXt", b"a\0b")]))
    start = data.index(kind) - 4
    end = start + 12 + int.from_bytes(data[start : start + 4], "big")
    data[end - 4 : end] = b"\xde\xad\xbe\xef"
    np.testing.assert_array_equal(decode(bytes(data)), PHOTO)


@pytest.mark.parametrize("length", [0, 3, 2_000, 2**31])
def test_wrong_length_of_an_ancillary_chunk_is_forgiven(length: int) -> None:
    body = bytes(range(100, 120))
    data = png(PHOTO, 2, 8, before=[png_chunk(b"exIF", body)])
    start = data.index(b"exIF") - 4
    data = data[:start] + length.to_bytes(4, "big") + data[start + 4 :]
    assert decode(data).shape == PHOTO.shape
    if length != 2_000:  # which swallows the first pixels
        np.testing.assert_array_equal(decode(data), PHOTO)


def test_black_picture_with_a_damaged_end_is_still_a_picture() -> None:
    data = bytearray(encode(np.zeros((64, 64, 3), np.uint8)))
    data[data.index(b"IEND") - 12] ^= 0xFF  # in the checksum that ends the compressed data
    assert not decode(bytes(data)).any()


def test_damaged_restart_marker_costs_some_blocks_only() -> None:
    data = FILES["jpeg restarts"]
    whole = decode(data)
    for marker in (b"\xff\xd1", b"\xff\xd2", b"\xff\xd5"):
        image = decode(data.replace(marker, b"\xff\xd6", 1))
        assert image.shape == whole.shape
        assert (image == whole).all(axis=2).mean() > 0.3


def test_trailing_garbage_is_ignored() -> None:
    garbage = np.random.default_rng(0).bytes(5000)
    for name in SOME:
        np.testing.assert_array_equal(decode(FILES[name] + garbage), decode(FILES[name]))


@pytest.mark.parametrize(
    "chunks",
    [
        [png_chunk(b"zTXt", b"a\0\0" + zlib.compress(bytes(50_000_000), 9))],
        [png_chunk(b"iTXt", b"a\0\1\0\0\0" + zlib.compress(bytes(50_000_000), 9))],
        [png_chunk(b"iCCP", b"a\0\0" + zlib.compress(bytes(50_000_000), 9))],
        [png_chunk(b"iCCP", b"a\0\7")],
        [png_chunk(b"tEXt", b"a\0" + b"b" * 1_000_000)] * 70,
        [png_chunk(b"eXIf", b"II*\0\x08\0\0\0" + b"\xff" * 500)],
        [png_chunk(b"pHYs", b""), png_chunk(b"cHRM", b"\1"), png_chunk(b"sRGB", b"")],
        [png_chunk(b"acTL", bytes(8)), png_chunk(b"acTL", b"\xff" * 8)],
        [png_chunk(b"fcTL", b"\xff" * 26)],
        [png_chunk(b"rubb", b"ish"), png_chunk(b"IEnD", b"")],
    ],
    ids=["zTXt", "iTXt", "iCCP", "odd iCCP", "text", "EXIF", "short", "acTL", "fcTL", "unknown"],
)
def test_metadata_bombs_are_not_even_read(chunks: list[bytes]) -> None:
    np.testing.assert_array_equal(decode(png(PHOTO, 2, 8, before=chunks)), PHOTO)
    np.testing.assert_array_equal(decode(png(PHOTO, 2, 8, after=chunks)), PHOTO)


def test_broken_exif_of_avif_raises_no_warning() -> None:
    plain, tagged = FILES["avif"], FILES["avif turned"]
    broken = tagged.replace(b"somebody", b"\xff" * 8).replace(b"II*\0", b"II*\xff")
    broken = broken.replace(b"MM\0*", b"MM\xff*")
    assert broken != tagged
    np.testing.assert_array_equal(decode(broken), decode(plain))


def test_many_scans_are_cut_off() -> None:
    data = FILES["jpeg progressive"]
    starts = [found.start() for found in re.finditer(b"\xff\xc4", data)]
    second = data[starts[1] : starts[2]]
    long = data[:-2] + 500 * second + data[-2:]
    assert difference(decode(long), decode(data)) < 4
    container = containers.parse(long, "JPEG")
    assert container is not None
    assert container.data.count(b"\xff\xda") == containers.MAX_JPEG_SCANS
