from __future__ import annotations

import base64
import io
import logging
import re
import zlib
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image, ImageFile

from detector import containers, imaging
from detector.imaging import MAX_SIDE, ImageError, TooManyPixels, decode, read_header
from tests import pictures
from tests.pictures import encode, exif, photo, png, png_chunk

PHOTO = photo()
HEIGHT, WIDTH = PHOTO.shape[:2]
KINDS = pictures.every_kind(PHOTO)
FILES = {name: build() for name, build in KINDS.items()}
SOME = ("png rgb", "png interlaced", "jpeg", "jpeg progressive", "webp", "webp lossless", "bmp")
FUZZ_PIXELS = 250_000  # a mutated header may announce anything; keeps the tests quick

# Arithmetic coding: left red, right blue, 32 x 16. Written by libjpeg-turbo 2.1 (via jpeglib).
ARITHMETIC = base64.b64decode(
    "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAAMCAgMCAgMDAwMEAwMEBQgFBQQEBQoHBwYIDAoMDAsKCwsNDhIQDQ4R"
    "DgsLEBYQERMUFRUVDA8XGBYUGBIUFRT/2wBDAQMEBAUEBQkFBQkUDQsNFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQU"
    "FBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBT/yQARCAAQACADASIAAhEBAxEB/8wACgAQEAUBEBEF/9oADAMBAAIR"
    "AxEAPwD/ANH/AOUCAinM6EIjUnUw/9k="
)


def difference(a: NDArray[np.uint8], b: NDArray[np.uint8]) -> float:
    return float(np.abs(a.astype(int) - b).mean())


# --- every kind of picture


@pytest.mark.parametrize("name", KINDS)
def test_decodes_every_kind(name: str) -> None:
    image = decode(FILES[name])
    assert image.dtype == np.uint8
    assert image.shape == (HEIGHT, WIDTH, 3)
    assert image.flags.c_contiguous
    assert image.flags.writeable
    header = read_header(FILES[name])
    assert (header.height, header.width) == (HEIGHT, WIDTH)
    assert header.format.lower() == name.split(maxsplit=1)[0]


@pytest.mark.parametrize(
    "data",
    [
        encode(PHOTO),
        encode(PHOTO, optimize=True),
        encode(PHOTO, exif=exif(8), icc_profile=b"profile", dpi=(72, 72)),
        encode(np.dstack([PHOTO, np.full((HEIGHT, WIDTH), 255, np.uint8)])),
        png(PHOTO, 2, 8, interlaced=True),
        png(PHOTO.astype(np.uint16) * 257, 2, 16),
        png(PHOTO, 2, 8, before=[png_chunk(b"gAMA", b"\0\0\0\x01"), png_chunk(b"sRGB", b"\0")]),
        pictures.apng(PHOTO, PHOTO[::-1].copy()),
        encode(PHOTO, "BMP"),
        encode(PHOTO, "WEBP"),
        encode(PHOTO, "WEBP", lossless=True, exact=True, exif=exif(3), icc_profile=b"profile"),
    ],
    ids=[
        "png", "png optimised", "png metadata", "png opaque", "png interlaced", "png 16 bit",
        "png gamma", "png animated", "bmp", "webp", "webp metadata",
    ],
)  # fmt: skip
def test_same_pixels_same_array_in_any_lossless_container(data: bytes) -> None:
    np.testing.assert_array_equal(decode(data), PHOTO)


@pytest.mark.parametrize(
    "options",
    [
        {"exif": exif(6)},
        {"icc_profile": b"no profile" * 20_000},
        {"comment": b"somebody was here"},
        {"dpi": (300, 300)},
        {"extra": pictures.jpeg_segment(0xE1, b"Exif\0\0II*\0\xff\xff\xff\xff")},
    ],
    ids=["exif", "icc", "comment", "dpi", "broken exif"],
)
def test_metadata_of_a_jpeg_changes_nothing(options: dict[str, Any]) -> None:
    plain, tagged = encode(PHOTO, "JPEG"), encode(PHOTO, "JPEG", **options)
    assert plain != tagged
    np.testing.assert_array_equal(decode(tagged), decode(plain))


def test_first_picture_of_a_multi_picture_file() -> None:
    other = np.zeros((30, 20, 3), np.uint8)
    first = encode(PHOTO, "JPEG")
    np.testing.assert_array_equal(decode(pictures.mpo(PHOTO, other)), decode(first))
    np.testing.assert_array_equal(decode(first + encode(other, "JPEG")), decode(first))


def test_default_image_of_an_animation_that_does_not_begin_with_it() -> None:
    frames = [Image.fromarray(PHOTO[::-1].copy()), Image.fromarray(PHOTO[:, ::-1].copy())]
    data = encode(Image.fromarray(PHOTO), save_all=True, append_images=frames, default_image=True)
    np.testing.assert_array_equal(decode(data), PHOTO)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("name", ["PNG", "JPEG", "WEBP", "AVIF"])
def test_never_turned_by_exif(name: str, orientation: int) -> None:
    plain, turned = encode(PHOTO, name), encode(PHOTO, name, exif=exif(orientation))
    np.testing.assert_array_equal(decode(turned), decode(plain))


@pytest.mark.parametrize("size", [(1, 1), (1, 5000), (5000, 1), (2, 3)])
@pytest.mark.parametrize("name", ["PNG", "JPEG", "WEBP", "BMP", "AVIF"])
def test_extreme_shapes(name: str, size: tuple[int, int]) -> None:
    image = decode(encode(np.full((*size, 3), 77, np.uint8), name))
    assert image.shape == (*size, 3)
    assert np.abs(image.astype(int) - 77).max() <= 2


# --- samples


@pytest.mark.parametrize("interlaced", [False, True])
@pytest.mark.parametrize("depth", [1, 2, 4, 8])
def test_grey_of_few_bits_spans_black_to_white(depth: int, interlaced: bool) -> None:
    samples = np.arange(2**depth, dtype=np.uint8).repeat(3)[None].repeat(5, axis=0)
    image = decode(png(samples, 0, depth, interlaced=interlaced))
    expected = (samples.astype(int) * 255 // (2**depth - 1)).astype(np.uint8)
    np.testing.assert_array_equal(image, np.dstack([expected] * 3))


@pytest.mark.parametrize("colour", [0, 2, 4, 6])
def test_sixteen_bits_are_scaled_not_clipped(colour: int) -> None:
    channels = pictures.CHANNELS[colour]
    ramp = np.arange(65536, dtype=np.uint16).reshape(256, 256, 1).repeat(channels, axis=2)
    if colour in (4, 6):
        ramp[..., -1] = 65535
    image = decode(png(ramp, colour, 16))
    assert (image == (ramp[..., :1] >> 8)).all()


def test_palette() -> None:
    palette = pictures.random_palette()
    indices = np.arange(256, dtype=np.uint8).reshape(16, 16)
    image = decode(png(indices, 3, 8, palette=palette.tobytes()))
    np.testing.assert_array_equal(image, palette[indices])


@pytest.mark.parametrize("palette", [b"", b"\1", b"\1\2\3\4", bytes(3 * 256 + 90)])
def test_palette_of_a_wrong_length(palette: bytes) -> None:
    indices = np.arange(256, dtype=np.uint8).reshape(16, 16)
    assert decode(png(indices, 3, 8, palette=palette)).shape == (16, 16, 3)


# --- transparency


def over_white(colour: NDArray[np.uint8], alpha: NDArray[np.uint8]) -> NDArray[np.uint8]:
    weight = alpha[..., None] / 255
    return np.rint(colour * weight + 255 * (1 - weight)).astype(np.uint8)


def every_alpha() -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    value, alpha = np.mgrid[0:256, 0:256].astype(np.uint8)
    return value, alpha


@pytest.mark.parametrize("depth", [8, 16])
@pytest.mark.parametrize("colour", [4, 6])
def test_alpha_is_composited_on_white(colour: int, depth: int) -> None:
    value, alpha = every_alpha()
    samples = np.dstack([value] * (pictures.CHANNELS[colour] - 1) + [alpha])
    scale = 257 if depth == 16 else 1
    image = decode(png(samples.astype(np.uint16) * scale, colour, depth))
    np.testing.assert_array_equal(image, over_white(np.dstack([value] * 3), alpha))


def test_alpha_of_webp() -> None:
    value, alpha = every_alpha()
    image = decode(encode(np.dstack([value, value, value, alpha]), "WEBP"))
    np.testing.assert_array_equal(image, over_white(np.dstack([value] * 3), alpha))


def test_alpha_of_a_palette() -> None:
    palette = pictures.random_palette()
    alphas = np.random.default_rng(1).integers(0, 256, 200, dtype=np.uint8)
    indices = np.arange(256, dtype=np.uint8).reshape(16, 16)
    file = png(indices, 3, 8, palette=palette.tobytes(), transparency=alphas.tobytes())
    whole = np.concatenate([alphas, np.full(56, 255, np.uint8)])  # the rest is opaque
    np.testing.assert_array_equal(decode(file), over_white(palette[indices], whole[indices]))


@pytest.mark.parametrize("depth", [1, 2, 4, 8, 16])
def test_clear_grey(depth: int) -> None:
    peak = 2**depth - 1
    samples = np.array([[0, 1, peak, min(peak, 2)]], np.uint16)
    plain = decode(png(samples, 0, depth))
    image = decode(png(samples, 0, depth, transparency=b"\0\1"))
    expected = np.where(samples[..., None] == 1, 255, plain)
    np.testing.assert_array_equal(image, expected)


@pytest.mark.parametrize(("depth", "scale"), [(8, 1), (16, 257), (16, 256)])
def test_clear_colour(depth: int, scale: int) -> None:
    samples = np.array([[[9, 8, 7], [9, 8, 6]]], np.uint16)
    key = (samples[0, 0] * scale).astype(">u2").tobytes()
    image = decode(png(samples * scale, 2, depth, transparency=key))
    assert image.tolist() == [[[255, 255, 255], [9, 8, 6]]]


@pytest.mark.parametrize("colour", [0, 2, 3, 4, 6])
@pytest.mark.parametrize("body", [b"\0", b"\xff\xff\xff", bytes(300)])
def test_transparency_of_a_wrong_length(colour: int, body: bytes) -> None:
    samples = np.full((4, 4, pictures.CHANNELS[colour]), 200, np.uint8)
    file = png(samples, colour, 8, palette=bytes(768), transparency=body)
    assert decode(file).shape == (4, 4, 3)


# --- colour spaces of JPEG


def test_cmyk_is_read_as_browsers_do() -> None:
    cmyk = encode(Image.fromarray(PHOTO).convert("CMYK"), "JPEG", quality=95)
    assert difference(decode(cmyk), PHOTO) < 4
    np.testing.assert_array_equal(decode(pictures.without_marker(cmyk, 0xEE)), decode(cmyk))
    assert difference(decode(pictures.ycck_jpeg(PHOTO)), PHOTO) < 4


def test_colour_space_named_by_markers_is_kept() -> None:
    stored_rgb = encode(PHOTO, "JPEG", keep_rgb=True, quality=95)
    assert difference(decode(stored_rgb), PHOTO) < 4
    ycc = pictures.without_marker(FILES["jpeg"], 0xE0)
    np.testing.assert_array_equal(decode(ycc), decode(FILES["jpeg"]))
    assert difference(decode(pictures.with_adobe_transform(ycc, 0)), PHOTO) > 20
    both = pictures.with_adobe_transform(FILES["jpeg"], 0)  # JFIF wins over Adobe
    np.testing.assert_array_equal(decode(both), decode(FILES["jpeg"]))


def test_arithmetic_coding() -> None:
    image = decode(ARITHMETIC).astype(int)
    assert np.abs(image[8, 4] - (220, 30, 40)).max() < 8
    assert np.abs(image[8, 28] - (20, 60, 200)).max() < 8


# --- damage


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


# --- limits


@pytest.mark.parametrize("name", ["png rgb", "jpeg", "webp", "webp lossless", "bmp", "avif"])
def test_pixel_limit(name: str) -> None:
    assert decode(FILES[name], max_pixels=WIDTH * HEIGHT).shape == PHOTO.shape
    with pytest.raises(TooManyPixels, match=f"{WIDTH} x {HEIGHT}") as failure:
        decode(FILES[name], max_pixels=WIDTH * HEIGHT - 1)
    assert failure.value.code == "too_many_pixels"


def announce(name: str, width: int, height: int) -> bytes:
    """A small file whose header announces a large picture."""
    wide, high = width.to_bytes(4, "big"), height.to_bytes(4, "big")
    data = FILES[name]
    if name == "png rgb":
        return data[:16] + wide + high + data[24:]
    if name == "jpeg":
        size = data.index(b"\xff\xc0") + 5
        return data[:size] + high[2:] + wide[2:] + data[size + 4 :]
    if name == "bmp":
        return data[:18] + wide[::-1] + high[::-1] + data[26:]
    canvas = (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    return b"RIFF\xff\xff\0\0WEBPVP8X\x0a\0\0\0\0\0\0\0" + canvas + bytes(40)


@pytest.mark.parametrize("name", ["png rgb", "jpeg", "bmp", "webp"])
def test_bombs_are_refused_before_decoding(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def load(_: object) -> None:
        raise AssertionError("decoded")

    monkeypatch.setattr(ImageFile.ImageFile, "load", load)
    data = announce(name, 60_000, 50_000)
    assert read_header(data)[:2] == (60_000, 50_000)
    with pytest.raises(TooManyPixels):
        decode(data)


def test_thin_strips_are_refused() -> None:
    with pytest.raises(TooManyPixels):
        decode(announce("png rgb", MAX_SIDE + 1, 1))
    with pytest.raises(TooManyPixels):
        decode(announce("png rgb", 1, 2**31 - 1))


def test_hundred_megapixels_are_within_the_limit() -> None:
    assert imaging.MAX_PIXELS >= 12_000 * 9_000


def test_pillows_own_settings_are_neither_needed_nor_touched(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 100)
    monkeypatch.setattr(imaging, "STRIP_PIXELS", 100)
    monkeypatch.setattr(ImageFile, "LOAD_TRUNCATED_IMAGES", False)
    for data in FILES.values():
        assert decode(data).shape == PHOTO.shape
    assert decode(FILES["png rgb"][:3000]).shape == PHOTO.shape
    assert Image.MAX_IMAGE_PIXELS == 100
    assert not ImageFile.LOAD_TRUNCATED_IMAGES


def test_out_of_memory_is_an_image_error(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_: object) -> None:
        raise MemoryError

    for target, name in [(ImageFile.ImageFile, "load"), (imaging, "_to_rgb")]:
        with monkeypatch.context() as patch:
            patch.setattr(target, name, fail)
            with pytest.raises(ImageError) as failure:
                decode(FILES["jpeg"])
            assert failure.value.code == "too_large_to_decode"


# --- not a picture


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "not_an_image"),
        (b"hello, world", "not_an_image"),
        (b"BM of a kind", "not_an_image"),
        (b"\x89PNG", "not_an_image"),
        (encode(PHOTO, "TIFF"), "unsupported_format"),
        (encode(Image.fromarray(PHOTO).quantize(), "GIF"), "unsupported_format"),
        (encode(PHOTO, "JPEG2000"), "unsupported_format"),
        (b"\0\0\0\x18ftypheic" + bytes(40), "unsupported_format"),
        (b"\0\0\0\x0cJXL \r\n\x87\n" + bytes(40), "unsupported_format"),
        (b"8BPS\0\1" + bytes(40), "unsupported_format"),
        (b"%PDF-1.7\n", "unsupported_format"),
        (b"\n<svg xmlns='http://www.w3.org/2000/svg'/>", "unsupported_format"),
        (FILES["bmp"][:30] + b"\1" + FILES["bmp"][31:], "unsupported_format"),
        (FILES["png rgb"][:28], "corrupt_image"),
        (FILES["png rgb"].replace(b"IHDR", b"IHDX"), "corrupt_image"),
        (announce("png rgb", 0, 9), "corrupt_image"),
        (announce("jpeg", 9, 0), "corrupt_image"),
        (FILES["png rgb"][:24] + b"\7" + FILES["png rgb"][25:], "corrupt_image"),
        (FILES["jpeg"].replace(b"\xff\xc0\x00\x11\x08", b"\xff\xc0\x00\x11\x0c"), "corrupt_image"),
        (FILES["jpeg"].replace(b"\xff\xc0", b"\xff\xc5"), "corrupt_image"),
        (b"\xff\xd8\xff\xd9", "corrupt_image"),
        (FILES["webp"][:25], "corrupt_image"),
        (announce("webp", 500, 400), "corrupt_image"),
        (FILES["avif"][:200], "corrupt_image"),
        (FILES["bmp"][:40], "corrupt_image"),
    ],
)
def test_what_is_not_a_picture_has_a_code_and_a_sentence(data: bytes, code: str) -> None:
    with pytest.raises(ImageError) as failure:
        decode(data)
    assert failure.value.code == code
    message = str(failure.value)
    assert message.endswith(".")
    assert message[0].isupper()
    assert "\n" not in message


def test_png_of_noise_is_corrupt_not_black() -> None:
    noise = np.random.default_rng(0).bytes(500)
    header = FILES["png rgb"][:33]
    with pytest.raises(ImageError, match="no pixel"):
        decode(header + png_chunk(b"IDAT", noise) + png_chunk(b"IEND", b""))


def test_a_format_the_build_lacks_is_unsupported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(imaging.PLUGINS, "AVIF")
    with pytest.raises(ImageError, match="AVIF files are not supported"):
        decode(FILES["avif"])


# --- as a whole


def test_strips_do_not_show(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = {name: decode(data) for name, data in FILES.items()}
    monkeypatch.setattr(imaging, "STRIP_PIXELS", 3 * WIDTH + 5)
    for name, data in FILES.items():
        np.testing.assert_array_equal(decode(data), whole[name], err_msg=name)


def test_many_threads() -> None:
    names = [*KINDS] * 8
    expected = {name: decode(data) for name, data in FILES.items()}
    with ThreadPoolExecutor(8) as pool:
        for name, image in zip(names, pool.map(lambda n: decode(FILES[n]), names), strict=True):
            np.testing.assert_array_equal(image, expected[name])


def test_nothing_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        for data in FILES.values():
            decode(data)
            decode(data + b"garbage")
    assert not caplog.records


# --- properties


def decode_or_refuse(data: bytes) -> None:
    try:
        image = decode(data, max_pixels=FUZZ_PIXELS)
    except ImageError:
        return
    header = read_header(data)
    assert image.shape == (header.height, header.width, 3)
    assert image.dtype == np.uint8


@given(st.binary(max_size=300))
@settings(deadline=None, max_examples=300)
def test_random_bytes_never_escape(data: bytes) -> None:
    decode_or_refuse(data)


@given(st.sampled_from(["png rgb", "jpeg", "webp", "avif", "bmp"]), st.binary(max_size=200))
@settings(deadline=None, max_examples=300)
def test_random_bytes_behind_a_signature_never_escape(name: str, data: bytes) -> None:
    decode_or_refuse(FILES[name][:12] + data)


@given(st.sampled_from(sorted(KINDS)), st.data())
@settings(deadline=None, max_examples=400)
def test_mutated_files_never_escape(name: str, data: st.DataObject) -> None:
    file = bytearray(FILES[name])
    positions = st.integers(0, len(file) - 1) | st.integers(0, min(150, len(file) - 1))
    edits = st.tuples(positions, st.integers(0, 255))
    for position, value in data.draw(st.lists(edits, min_size=1, max_size=8)):
        file[position] = value
    decode_or_refuse(bytes(file))


@given(st.sampled_from(sorted(KINDS)), st.data())
@settings(deadline=None, max_examples=200)
def test_cut_and_pasted_files_never_escape(name: str, data: st.DataObject) -> None:
    file = FILES[name]
    start, end = sorted(data.draw(st.tuples(*[st.integers(0, len(file))] * 2)))
    insert = data.draw(st.binary(max_size=40))
    decode_or_refuse(file[:start] + insert + file[end:])


@given(st.sampled_from(sorted(KINDS)), st.data())
@settings(deadline=None, max_examples=200)
def test_truncated_files_never_escape(name: str, data: st.DataObject) -> None:
    decode_or_refuse(FILES[name][: data.draw(st.integers(0, len(FILES[name])))])


ARRAYS = st.tuples(st.integers(1, 40), st.integers(1, 40), st.integers(0, 2**32 - 1))


@given(ARRAYS, st.sampled_from(["PNG", "BMP", "WEBP", "interlaced", "16 bit"]))
@settings(deadline=None, max_examples=150)
def test_arrays_survive_lossless_containers(shape: tuple[int, int, int], container: str) -> None:
    height, width, seed = shape
    pixels = np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)
    if container == "interlaced":
        data = png(pixels, 2, 8, interlaced=True)
    elif container == "16 bit":
        data = png(pixels.astype(np.uint16) * 257, 2, 16)
    else:
        data = encode(pixels, container)
    np.testing.assert_array_equal(decode(data), pixels)


def test_pillow_agrees_on_plain_files() -> None:
    for name in ("png rgb", "jpeg", "jpeg progressive", "jpeg mpo", "webp", "bmp", "avif"):
        with Image.open(io.BytesIO(FILES[name])) as image:
            np.testing.assert_array_equal(decode(FILES[name]), np.asarray(image.convert("RGB")))
