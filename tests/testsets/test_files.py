"""Of `pngfile`, `jpegfile` and `imagefile`: what they write, read by Pillow."""

from __future__ import annotations

import io

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from tests.pictures import photo
from testsets import hostile, jpegfile, pngfile
from testsets.imagefile import Encoding, write_mask

PIXELS = photo(21, 30)


def opened(data: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(data))
    image.load()
    return image


@pytest.mark.parametrize("interlaced", [False, True])
@pytest.mark.parametrize("pieces", [1, 7])
def test_pngs_hold_their_samples(interlaced: bool, pieces: int) -> None:
    data = pngfile.png(PIXELS, pngfile.RGB, 8, interlaced=interlaced, pieces=pieces)
    assert np.array_equal(np.asarray(opened(data)), PIXELS)
    assert data.count(b"IDAT") == pieces


@pytest.mark.parametrize("depth", [1, 2, 4, 16])
def test_pngs_of_any_depth(depth: int) -> None:
    samples = (PIXELS[..., 0].astype(np.uint16) * 257) >> (16 - depth)
    image = opened(pngfile.png(samples, pngfile.GREY, depth))
    scale = 1 if depth == 16 else 255 // (2**depth - 1)
    assert np.array_equal(np.asarray(image.convert("I")), samples.astype(np.int32) * scale)


def test_a_blank_png_is_as_large_as_it_says() -> None:
    image = opened(pngfile.blank(70, 33))
    assert image.size == (70, 33)
    assert image.getbbox() is None
    assert len(pngfile.blank(8000, 8000)) < 20_000


def test_a_jpeg_is_the_same_put_together_again() -> None:
    data = hostile.jpeg(PIXELS)
    assert jpegfile.join(*jpegfile.split(data)) == data
    assert opened(jpegfile.resized(data, 60, 44)).size == (60, 44)
    assert (
        opened(jpegfile.with_segments(data, (jpegfile.COM, b"hello"))).info["comment"] == b"hello"
    )


@pytest.mark.parametrize("transform", [0, 2])
def test_four_inks_show_the_same_colours(transform: int) -> None:
    image = opened(jpegfile.cmyk(PIXELS, transform))
    assert image.mode == "CMYK"
    shown = np.asarray(image.convert("RGB")).astype(int)
    assert np.abs(shown - PIXELS).mean() < 12


@pytest.mark.parametrize("size", [(1, 1), (3, 17), (8, 8)])
def test_masks_have_one_bit_a_pixel(size: tuple[int, int]) -> None:
    mask: NDArray[np.bool_] = np.random.default_rng(0).random(size) < 0.5
    image = opened(write_mask(mask))
    assert image.mode == "1"
    assert np.array_equal(np.asarray(image), mask)


def test_encodings_are_what_they_say() -> None:
    assert np.array_equal(np.asarray(opened(Encoding("PNG").write(PIXELS))), PIXELS)
    strong, weak = (len(Encoding("JPEG", quality).write(PIXELS)) for quality in (20, 95))
    assert strong < weak
    drawn = Encoding.drawn("JPEG", np.random.default_rng(0))
    assert drawn.to_json() == {
        "format": "JPEG",
        "quality": drawn.quality,
        "subsampling": drawn.subsampling,
    }
