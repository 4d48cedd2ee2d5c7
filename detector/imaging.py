"""From the bytes of a picture file to an RGB array. Everything about Pillow lives here.

`decode` is total: it returns an array or raises `ImageError`, whatever the bytes. What it returns
depends on the coded pixels alone:

- the stored orientation and size, never turned by EXIF;
- the stored values, colour profiles ignored;
- transparency composited on white, as a browser shows it on a blank page;
- 16-bit samples reduced to their high byte, so that 257 * v gives v;
- CMYK read as inverted, as Photoshop writes and browsers read it, with or without Adobe's marker;
- of an animation or a multi-picture file the first picture;
- of a damaged or truncated file as much as can be decoded; the rest is what the codec leaves, grey
  in a JPEG, black in a PNG.

JPEG (and the first picture of an MPO) and PNG are the challenge's formats. WebP and AVIF are what
people save from the web; BMP needs no codec, and data sets of the field hold it. The rest is
refused by name. TIFF: no browser shows it, its float and multi-page kinds have no defined look, and
its codecs have the longest list of advisories. GIF: 256 dithered colours leave nothing to detect,
and Pillow's parser takes quadratic time on hostile files. HEIC, JPEG 2000, JPEG XL: as PNG, please.
"""

from __future__ import annotations

import io
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import (
    AvifImagePlugin,
    BmpImagePlugin,
    Image,
    ImageFile,
    JpegImagePlugin,
    PngImagePlugin,
    WebPImagePlugin,
)

from detector.containers import UNSUPPORTED, Container, identify, parse

MAX_PIXELS = 128_000_000  # 108-megapixel phones pass; 7 bytes a pixel (WebP 16) to decode them
MAX_SIDE = 65_535  # what a JPEG can hold; beyond it Pillow's row pointers outweigh the pixels
STRIP_PIXELS = 1_000_000  # colours are converted a strip at a time: a few MB of temporaries
MISSING_GREY = 128  # what libjpeg puts where data is missing
WHITE = 255

# The classes themselves rather than Image.open: that one warns at 89 and fails at 179 megapixels
# by a process-wide setting, which we neither want nor may change for others.
PLUGINS: dict[str, type[ImageFile.ImageFile]] = {
    "JPEG": JpegImagePlugin.JpegImageFile,
    "PNG": PngImagePlugin.PngImageFile,
    "WEBP": WebPImagePlugin.WebPImageFile,
    "BMP": BmpImagePlugin.BmpImageFile,
    "AVIF": AvifImagePlugin.AvifImageFile,
}


class ImageError(ValueError):
    """The bytes are not a picture that we can decode.

    Attributes:
        code: machine-readable: "not_an_image", "unsupported_format", "corrupt_image",
            "too_many_pixels" or "too_large_to_decode".
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class TooManyPixels(ImageError):
    """The header announces more pixels than we are willing to decode."""

    def __init__(self, width: int, height: int, max_pixels: int) -> None:
        super().__init__(
            "too_many_pixels",
            f"The picture has {width} x {height} pixels; at most {max_pixels} pixels and "
            f"{MAX_SIDE} on a side are accepted.",
        )


class Header(NamedTuple):
    """What is known of a picture before decoding it."""

    width: int
    height: int
    format: str


def read_header(data: bytes) -> Header:
    """Read stored size and format without decoding a pixel, whatever the size.

    Raises:
        ImageError: the bytes are not a picture, or not of a supported kind.
    """
    container = _parse(data)
    width, height = container.size or _open(container, io.BytesIO(container.data)).size
    return Header(width, height, container.format)


def decode(data: bytes, max_pixels: int = MAX_PIXELS) -> NDArray[np.uint8]:
    """Decode a picture file to (H, W, 3) uint8 RGB. Safe to call from several threads.

    Raises:
        TooManyPixels: the header announces more than `max_pixels` pixels; nothing was decoded.
        ImageError: the bytes are not a picture, or nothing of it can be decoded.
    """
    try:
        return _to_rgb(_load(_parse(data), max_pixels))
    except MemoryError as error:
        message = "There is not enough memory to decode the picture."
        raise ImageError("too_large_to_decode", message) from error


def _parse(data: bytes) -> Container:
    name = identify(data)
    if name not in PLUGINS:
        if other := name or identify(data, UNSUPPORTED):
            message = f"{other} files are not supported; save the picture as JPEG or PNG."
            raise ImageError("unsupported_format", message)
        raise ImageError("not_an_image", "The data is not a picture of a known format.")
    container = parse(data, name)
    if container is None:
        raise _corrupt(name)
    return container


def _open(container: Container, file: io.BytesIO) -> ImageFile.ImageFile:
    try:
        return PLUGINS[container.format](file)
    except MemoryError:
        raise
    except Exception as error:  # plugins let through whatever they trip over
        raise _corrupt(container.format) from error


def _load(container: Container, max_pixels: int) -> Image.Image:
    """Decode what there is, without LOAD_TRUNCATED_IMAGES, which is a process-wide setting."""
    if container.size:
        _check_size(*container.size, max_pixels)
        if not container.data:
            return Image.new("L", container.size, MISSING_GREY)
    with io.BytesIO(container.data) as file:  # closed, since some plugins would hold on to it
        image = _open(container, file)
        _check_size(*image.size, max_pixels)
        try:
            image.load()
        except MemoryError:
            raise
        except Exception as error:  # as in _open
            if not _salvage(image, container.whole):
                raise _corrupt(container.format) from error
    return image


def _check_size(width: int, height: int, max_pixels: int) -> None:
    if width * height > max_pixels or max(width, height) > MAX_SIDE:
        raise TooManyPixels(width, height, max_pixels)


def _salvage(image: ImageFile.ImageFile, whole: bool) -> bool:
    """Keep what was decoded before a failure. False if that is nothing, and no part is missing."""
    image.tile = []  # nothing more to load
    try:
        return image.getbbox() is not None or not whole
    except Exception:  # it failed before there was a canvas
        return False


def _corrupt(name: str) -> ImageError:
    return ImageError("corrupt_image", f"The {name} data is damaged; no pixel can be decoded.")


def _to_rgb(image: Image.Image) -> NDArray[np.uint8]:
    """Convert strip by strip: Pillow's own way out holds the picture three times over."""
    width, height = image.size
    rgb = np.empty((height, width, 3), np.uint8)
    step = max(1, STRIP_PIXELS // width)
    for top in range(0, height, step):
        bottom = min(height, top + step)
        rgb[top:bottom] = _strip_to_rgb(image.crop((0, top, width, bottom)))
    return rgb


def _strip_to_rgb(strip: Image.Image) -> NDArray[np.uint8]:
    if strip.mode == "I;16":
        samples = np.asarray(strip)
        grey = (samples >> 8).astype(np.uint8)
        if "transparency" in strip.info:
            grey[samples == strip.info["transparency"]] = WHITE
        return grey[..., None]
    if not strip.has_transparency_data:
        return np.asarray(strip.convert("RGB"))
    colours = strip.convert("RGBA")
    page = Image.new("RGB", strip.size, (WHITE, WHITE, WHITE))
    page.paste(colours, mask=colours)
    return np.asarray(page)
