from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from demo.damage import Damage, assess
from detector.imaging import decode

SAVED = {"JPEG": {"quality": 90}, "PNG": {}, "WEBP": {"quality": 90}, "BMP": {}, "AVIF": {}}


def noise(height: int = 160, width: int = 120) -> np.ndarray:
    return np.random.default_rng(1).integers(0, 250, (height, width, 3), dtype=np.uint8)


def encoded(kind: str, pixels: np.ndarray | None = None, **options: object) -> bytes:
    buffer = io.BytesIO()
    image = Image.fromarray(noise() if pixels is None else pixels)
    image.save(buffer, kind, **(SAVED[kind] | options))
    return buffer.getvalue()


def assessed(data: bytes) -> Damage | None:
    return assess(data, decode(data))


@pytest.mark.parametrize("kind", SAVED)
def test_a_whole_file_is_whole_also_with_something_behind_it(kind):
    assert assessed(encoded(kind)) is None
    if kind != "AVIF":  # where the first bytes behind it would be a box
        assert assessed(encoded(kind) + b"a camera maker's own data") is None


def test_a_plain_picture_is_not_damaged():
    for kind in SAVED:
        assert assessed(encoded(kind, np.full((40, 40, 3), 128, np.uint8))) is None


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "BMP"])
@pytest.mark.parametrize("kept", [0.25, 0.75])
def test_the_share_that_could_be_read(kind, kept):
    data = encoded(kind)
    damage = assessed(data[: int(len(data) * kept)])
    assert damage is not None
    assert damage.share == pytest.approx(kept, abs=0.12)  # a JPEG is read in rows of blocks
    assert f"about {damage.share * 100:.0f} % of the picture could be read" in damage.words
    assert not damage.total


@pytest.mark.parametrize("kind", ["WEBP", "AVIF"])
def test_a_cut_is_seen_where_the_codec_hides_it(kind):
    data = encoded(kind)
    assert assess(data[: int(len(data) * 0.9)], noise()) is not None


def test_the_first_bytes_of_a_jpeg_are_nothing():
    damage = assessed(encoded("JPEG")[:400])
    assert damage is not None
    assert damage.total
    assert "nothing of the picture could be read" in damage.words


def test_an_early_end_of_a_progressive_jpeg_costs_details():
    data = encoded("JPEG", progressive=True)
    damage = assessed(data[: int(len(data) * 0.8)])
    assert damage is not None
    assert damage.share == 1.0
    assert "details may be missing" in damage.words


def test_a_wrong_byte_in_a_png_is_damage():
    data = bytearray(encoded("PNG"))
    data[len(data) // 2] ^= 0xFF
    assert assess(bytes(data), noise()) is not None


def test_the_thumbnail_of_a_cut_jpeg_does_not_pass_for_its_end():
    exif = Image.Exif()
    exif[0x927C] = encoded("JPEG", noise(16, 16))
    buffer = io.BytesIO()
    Image.fromarray(noise()).save(buffer, "JPEG", exif=exif.tobytes())
    data = buffer.getvalue()
    assert assessed(data) is None
    assert assessed(data[:-300]) is not None


@pytest.mark.parametrize("data", [b"", b"x", b"\x89PNG\r\n\x1a\n", b"BM", b"\0\0\0\x1cftypavif"])
def test_any_bytes_will_do(data):
    assess(data, noise(8, 8))


def test_shares_are_told_in_round_figures():
    assert "about 47 %" in Damage(0.468).words
    assert "less than 1 %" in Damage(0.004).words
    assert "all rows" in Damage(0.999).words
