from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import ExifTags, Image, ImageOps

from demo.orientation import read_orientation, upright, upright_box


def photo(orientation: int | None, kind: str = "JPEG") -> bytes:
    pixels = np.arange(6 * 4 * 3, dtype=np.uint8).reshape(6, 4, 3)
    exif = Image.Exif()
    if orientation is not None:
        exif[ExifTags.Base.Orientation] = orientation
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, kind, exif=exif)
    return buffer.getvalue()


@pytest.mark.parametrize("orientation", range(1, 9))
def test_upright_is_what_pillow_makes_of_the_tag(orientation):
    data = photo(orientation, "PNG")
    with Image.open(io.BytesIO(data)) as image:
        expected = np.asarray(ImageOps.exif_transpose(image))
        stored = np.asarray(image)
    assert read_orientation(data) == orientation
    np.testing.assert_array_equal(upright(stored, orientation), expected)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_boxes_turn_like_pictures(orientation):
    mask = np.zeros((10, 20), dtype=bool)
    mask[1:3, 4:10] = True
    turned = upright(mask, orientation)
    top, left, bottom, right = upright_box((0.1, 0.2, 0.3, 0.5), orientation)
    height, width = turned.shape
    expected = np.zeros_like(turned)
    rows = slice(round(top * height), round(bottom * height))
    expected[rows, round(left * width) : round(right * width)] = True
    np.testing.assert_array_equal(turned, expected)


def test_masks_turn_like_pictures():
    mask = np.zeros((6, 4), dtype=bool)
    mask[0, 0] = True
    turned = upright(mask, 6)
    assert turned.shape == (4, 6)
    assert turned[0, 5]


@pytest.mark.parametrize("data", [photo(None), photo(0), photo(9), b"", b"no picture", b"\xff\xd8"])
def test_no_tag_or_a_wrong_one_means_as_stored(data):
    assert read_orientation(data) == 1


def test_broken_exif_means_as_stored():
    data = bytearray(photo(6))
    start = data.index(b"Exif\0\0")
    data[start + 6 : start + 14] = b"\xff" * 8
    assert read_orientation(bytes(data)) == 1
