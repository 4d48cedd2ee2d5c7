from __future__ import annotations

import numpy as np
import pytest
from PIL import Image, ImageFile

from detector import imaging
from detector.imaging import MAX_SIDE, ImageError, TooManyPixels, decode, read_header
from tests.detector.kinds import FILES, HEIGHT, PHOTO, WIDTH
from tests.pictures import encode, png_chunk

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
