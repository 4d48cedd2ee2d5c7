from __future__ import annotations

import base64
import logging
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from detector import imaging
from detector.imaging import decode, read_header
from tests import pictures
from tests.detector.kinds import FILES, HEIGHT, KINDS, PHOTO, WIDTH, difference
from tests.pictures import encode, exif, png, png_chunk

# Arithmetic coding: left red, right blue, 32 x 16. Written by libjpeg-turbo 2.1 (via jpeglib).
ARITHMETIC = base64.b64decode(
    "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAAMCAgMCAgMDAwMEAwMEBQgFBQQEBQoHBwYIDAoMDAsKCwsNDhIQDQ4R"
    "DgsLEBYQERMUFRUVDA8XGBYUGBIUFRT/2wBDAQMEBAUEBQkFBQkUDQsNFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQU"
    "FBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBT/yQARCAAQACADASIAAhEBAxEB/8wACgAQEAUBEBEF/9oADAMBAAIR"
    "AxEAPwD/ANH/AOUCAinM6EIjUnUw/9k="
)


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
