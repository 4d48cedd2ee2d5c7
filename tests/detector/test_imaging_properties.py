from __future__ import annotations

import io

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from detector.imaging import ImageError, decode, read_header
from tests.detector.kinds import FILES, KINDS
from tests.pictures import encode, png

FUZZ_PIXELS = 250_000  # a mutated header may announce anything; keeps the tests quick


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
