"""Odd files that hold together all the same: rare modes, markers, profiles, contents.

Each must be judged. What need not be is made in `testsets.broken`.
"""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from testsets import jpegfile, pngfile, sources
from testsets.camera import Picture
from testsets.imagefile import encode

MEBIBYTE = 1 << 20
HEIGHT, WIDTH = 120, 160  # of the picture inside most edge cases
ORIENTATION, ARTIST = 0x0112, 0x013B  # EXIF tags


@lru_cache(maxsize=64)
def picture(seed: int, height: int = HEIGHT, width: int = WIDTH) -> Picture:
    """Something that looks like a photograph, whatever the shape: a part of it, or it repeated."""
    side = min(1024, max(32, height, width))
    rng = np.random.default_rng([seed, 40, height, width])
    pixels = sources.scene(seed, 0, (side, side), rng).pixels
    tiles = (-(-height // side), -(-width // side), 1)
    mirrored = np.tile(pixels, tiles) if max(tiles) > 1 else pixels
    return np.ascontiguousarray(mirrored[-height:, :width])


def jpeg(pixels: NDArray[np.uint8] | Image.Image, quality: int = 90, **options: object) -> bytes:
    return encode(pixels, "JPEG", **{"quality": quality, "subsampling": "4:2:0", **options})


def exif(orientation: int) -> Image.Exif:
    block = Image.Exif()
    block[ORIENTATION] = orientation
    block[ARTIST] = "EditScope"
    return block


def png_modes(pixels: Picture) -> dict[str, bytes]:
    """Every mode of Pillow's that a PNG can hold, and the depths that Pillow cannot write."""
    image = Image.fromarray(pixels)
    grey = image.convert("L")
    alpha = np.dstack([pixels, np.asarray(grey)])
    wide = pixels.astype(np.uint16) * 257
    levels = np.asarray(grey)
    modes = {
        "mode 1": grey.convert("1"),
        "mode L": grey,
        "mode LA": Image.fromarray(alpha).convert("LA"),
        "mode P": image.quantize(64),
        "mode RGB": image,
        "mode RGBA": Image.fromarray(alpha),
        "mode I;16": Image.fromarray(wide[..., 1].copy()),
    }
    written = {name: encode(mode, "PNG", compress_level=6) for name, mode in modes.items()}
    return written | {
        "2 bits grey": pngfile.png(levels >> 6, pngfile.GREY, 2),
        "4 bits grey": pngfile.png(levels >> 4, pngfile.GREY, 4),
        "16 bits grey and alpha": pngfile.png(wide[..., :2], pngfile.GREY_ALPHA, 16),
        "16 bits RGB": pngfile.png(wide, pngfile.RGB, 16),
        "16 bits RGB and alpha": pngfile.png(alpha.astype(np.uint16) * 257, pngfile.RGBA, 16),
    }


def transparencies(pixels: Picture) -> dict[str, bytes]:
    levels = np.asarray(Image.fromarray(pixels).convert("L"))
    palette = np.repeat(np.arange(256, dtype=np.uint8)[:, None], 3, axis=1).tobytes()
    clear = np.dstack([pixels, np.zeros_like(levels)])
    return {
        "wholly transparent": pngfile.png(clear, pngfile.RGBA, 8),
        "palette with alphas": pngfile.png(
            levels, pngfile.PALETTE, 8, palette=palette, transparency=bytes(range(256))
        ),
        "one transparent grey": pngfile.png(levels, pngfile.GREY, 8, transparency=b"\0\x80"),
        "one transparent colour": pngfile.png(
            pixels, pngfile.RGB, 8, transparency=b"\0\x80\0\x80\0\x80"
        ),
        "transparency longer than the palette": pngfile.png(
            levels >> 4, pngfile.PALETTE, 4, palette=palette[: 3 * 16], transparency=bytes(256)
        ),
        "palette too short for its indices": pngfile.png(
            levels, pngfile.PALETTE, 8, palette=palette[: 3 * 8]
        ),
    }


def png_structures(pixels: Picture) -> dict[str, bytes]:
    frames = [Image.fromarray(pixels[::-1].copy())]
    text = pngfile.chunk(b"tEXt", b"Comment\0" + b"x" * 70_000)
    return {
        "interlaced": pngfile.png(pixels, pngfile.RGB, 8, interlaced=True),
        "animated": encode(
            Image.fromarray(pixels), "PNG", save_all=True, append_images=frames, compress_level=6
        ),
        "pixels in 500 chunks": pngfile.png(pixels, pngfile.RGB, 8, pieces=500),
        "long text": pngfile.png(pixels, pngfile.RGB, 8, before=[text]),
        "2000 text chunks": pngfile.png(
            pixels, pngfile.RGB, 8, before=[pngfile.chunk(b"tEXt", b"a\0b")] * 2000
        ),
        "unknown chunk": pngfile.png(
            pixels, pngfile.RGB, 8, before=[pngfile.chunk(b"eDIT", bytes(64))]
        ),
        "bytes after its end": pngfile.png(pixels, pngfile.RGB, 8) + bytes(1000),
        "gamma and chromaticities": pngfile.png(
            pixels,
            pngfile.RGB,
            8,
            before=[
                pngfile.chunk(b"gAMA", struct.pack(">I", 100_000)),
                pngfile.chunk(b"cHRM", struct.pack(">8I", *[31270] * 8)),
            ],
        ),
    }


def jpeg_kinds(pixels: Picture) -> dict[str, bytes]:
    image = Image.fromarray(pixels)
    return {
        "progressive": jpeg(image, progressive=True),
        "progressive, grey": jpeg(image.convert("L"), progressive=True),
        "grey": jpeg(image.convert("L")),
        "4:4:4, quality 100": jpeg(image, 100, subsampling="4:4:4"),
        "4:2:2": jpeg(image, subsampling="4:2:2"),
        "quality 1": jpeg(image, 1),
        "optimised": jpeg(image, optimize=True),
        "restart markers": jpeg(image, restart_marker_blocks=3),
        "RGB without YCbCr": jpeg(image, keep_rgb=True, subsampling="4:4:4"),
        "without JFIF": jpegfile.without(jpeg(image), 0xE0),
    }


def cmyk_kinds(pixels: Picture) -> dict[str, bytes]:
    return {
        "CMYK": jpegfile.cmyk(pixels),
        "CMYK without Adobe's marker": jpegfile.cmyk(pixels, None),
        "YCCK": jpegfile.cmyk(pixels, 2),
        "CMYK, progressive": jpeg(Image.fromarray(pixels).convert("CMYK"), progressive=True),
    }


def multi_pictures(pixels: Picture) -> dict[str, bytes]:
    image, other = Image.fromarray(pixels), Image.fromarray(pixels[:, ::-1].copy())
    small = jpeg(image.resize((40, 30)))
    thumbnail = b"Exif\0\0" + b"MM\0*\0\0\0\x08\0\0" + small
    comment = (jpegfile.COM, b"x" * jpegfile.LONGEST)
    return {
        "MPO of two": encode(image, "MPO", save_all=True, append_images=[other], quality=90),
        "MPO of two sizes": encode(
            image, "MPO", save_all=True, append_images=[other.resize((80, 60))], quality=90
        ),
        "a second JPEG behind the first": jpeg(image) + jpeg(other),
        "a thumbnail in its metadata": jpegfile.with_segments(
            jpeg(image), (jpegfile.APP1, thumbnail)
        ),
        "three full comments": jpegfile.with_segments(jpeg(image), comment, comment, comment),
        "1000 empty comments": jpegfile.with_segments(jpeg(image), *[(jpegfile.COM, b"")] * 1000),
        "zeros after its end": jpeg(image) + bytes(1000),
        "a ZIP archive after its end": jpeg(image) + archive(),
    }


def profiles(pixels: Picture) -> dict[str, tuple[bytes, str]]:
    """Colour profiles, right and wrong: (file, format)."""
    from PIL import ImageCms

    srgb = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    srgb[24:36] = bytes(12)  # the date of its making, now: not the same tomorrow
    profile = bytes(srgb)
    swapped = profile.replace(b"rXYZ", b"tmp_").replace(b"bXYZ", b"rXYZ").replace(b"tmp_", b"bXYZ")
    bomb = b"bomb\0\0" + zlib.compress(bytes(64 * MEBIBYTE), 9)
    before = [pngfile.chunk(b"iCCP", bomb)]
    return {
        "sRGB in a JPEG": (jpeg(pixels, icc_profile=profile), "JPEG"),
        "red and blue swapped in a JPEG": (jpeg(pixels, icc_profile=swapped), "JPEG"),
        "broken in a JPEG": (jpeg(pixels, icc_profile=b"no profile" * 50), "JPEG"),
        "150 kB of nothing in a JPEG": (jpeg(pixels, icc_profile=bytes(150_000)), "JPEG"),
        "sRGB in a PNG": (encode(pixels, "PNG", compress_level=6, icc_profile=profile), "PNG"),
        "broken in a PNG": (encode(pixels, "PNG", compress_level=6, icc_profile=b"no"), "PNG"),
        "64 MB unpacked in a PNG": (pngfile.png(pixels, pngfile.RGB, 8, before=before), "PNG"),
    }


def contents(height: int = 96, width: int = 128) -> dict[str, Picture]:
    """Valid pictures with nothing, or nothing but noise, to look at."""
    rows, columns = np.mgrid[0:height, 0:width]
    flat = np.zeros((height, width, 3), np.uint8)
    noise = np.random.default_rng(1).integers(0, 256, flat.shape, np.uint8)
    ramp = np.repeat((columns * 255 // (width - 1)).astype(np.uint8)[..., None], 3, axis=2)
    board = np.repeat((((rows + columns) % 2) * 255).astype(np.uint8)[..., None], 3, axis=2)
    return {
        "black": flat,
        "white": flat + np.uint8(255),
        "grey": flat + np.uint8(128),
        "pure red": flat + np.array([255, 0, 0], np.uint8),
        "noise": noise,
        "a ramp": ramp,
        "a board of single pixels": board,
        "left black, right white": np.where(ramp > 127, np.uint8(255), np.uint8(0)),
    }


def archive() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as file:
        file.writestr(zipfile.ZipInfo("a.txt"), "nothing")  # ZipInfo: of 1980, not of today
    return buffer.getvalue()
