"""Builders of picture files of every kind, among them those that Pillow cannot write."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}  # of PNG's colour types
ADAM7 = ((0, 0, 8, 8), (0, 4, 8, 8), (4, 0, 8, 4), (0, 2, 4, 4), (2, 0, 4, 2), (0, 1, 2, 2))
ADAM7_LAST = (1, 0, 2, 1)  # first row, first column, row step, column step
SOI = b"\xff\xd8"


def photo(height: int = 48, width: int = 64, seed: int = 0) -> NDArray[np.uint8]:
    """A picture with smooth colours, edges and a little noise, (H, W, 3); never black or blank."""
    rng = np.random.default_rng(seed)
    rows, columns = np.mgrid[0:height, 0:width]
    waves = [np.sin(rows / (7 + 3 * c) + columns / (11 - 2 * c)) for c in range(3)]
    canvas = Image.fromarray((128 + 80 * np.stack(waves, -1)).astype(np.uint8))
    ImageDraw.Draw(canvas).ellipse((2, 2, width / 2, height / 2), fill=(220, 60, 40))
    noise = rng.integers(-6, 7, (height, width, 3))
    return np.clip(np.asarray(canvas) + noise, 1, 255).astype(np.uint8)


def encode(pixels: NDArray[np.generic] | Image.Image, name: str = "PNG", **options: Any) -> bytes:
    """Write an array or a Pillow image; WebP is lossless unless a quality is asked for."""
    image = pixels if isinstance(pixels, Image.Image) else Image.fromarray(pixels)
    if name == "WEBP" and "quality" not in options:
        options |= {"lossless": True, "exact": True}
    buffer = io.BytesIO()
    image.save(buffer, name, **options)
    return buffer.getvalue()


def png_chunk(kind: bytes, body: bytes, checksum: int | None = None) -> bytes:
    checksum = zlib.crc32(kind + body) if checksum is None else checksum
    return struct.pack(">I4s", len(body), kind) + body + struct.pack(">I", checksum)


def png(
    samples: NDArray[np.integer[Any]],
    colour: int,
    depth: int,
    *,
    palette: bytes = b"",
    transparency: bytes = b"",
    interlaced: bool = False,
    before: Iterable[bytes] = (),
    after: Iterable[bytes] = (),
) -> bytes:
    """Write a PNG of any colour type and depth.

    Args:
        samples: (H, W) or (H, W, channels) values of `depth` bits.
        colour: 0 grey, 2 RGB, 3 palette, 4 grey and alpha, 6 RGB and alpha.
        depth: bits a sample.
        palette: body of PLTE.
        transparency: body of tRNS.
        interlaced: Adam7.
        before: chunks to put in front of IDAT.
        after: chunks to put behind it.
    """
    height, width = samples.shape[:2]
    samples = samples.reshape(height, width, CHANNELS[colour])
    passes = [(0, 0, 1, 1)] if not interlaced else [*ADAM7, ADAM7_LAST]
    rows = b"".join(_scanlines(samples[r::dr, c::dc], depth) for r, c, dr, dc in passes)
    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, int(interlaced))
    return b"".join(
        [
            b"\x89PNG\r\n\x1a\n",
            png_chunk(b"IHDR", header),
            png_chunk(b"PLTE", palette) if palette else b"",
            png_chunk(b"tRNS", transparency) if transparency else b"",
            *before,
            png_chunk(b"IDAT", zlib.compress(rows)),
            *after,
            png_chunk(b"IEND", b""),
        ]
    )


def _scanlines(samples: NDArray[np.integer[Any]], depth: int) -> bytes:
    height, width, channels = samples.shape
    if not (height and width):
        return b""
    if depth == 16:
        packed = samples.astype(">u2").view(np.uint8).reshape(height, -1)
    else:
        bits = np.unpackbits(samples.astype(np.uint8)[..., None], axis=-1)[..., 8 - depth :]
        packed = np.packbits(bits.reshape(height, width * channels * depth), axis=1)
    return np.pad(packed, ((0, 0), (1, 0))).tobytes()  # each row behind its filter type, 0


def split_jpeg(data: bytes) -> tuple[list[tuple[int, bytes]], bytes]:
    """Take a JPEG apart: (marker, body) of the segments before the first scan, and the scans."""
    segments = []
    position = 2
    while data[position + 1] != 0xDA:
        length = int.from_bytes(data[position + 2 : position + 4], "big")
        segments.append((data[position + 1], data[position + 4 : position + 2 + length]))
        position += 2 + length
    return segments, data[position:]


def join_jpeg(segments: Sequence[tuple[int, bytes]], scans: bytes) -> bytes:
    return SOI + b"".join(jpeg_segment(*segment) for segment in segments) + scans


def jpeg_segment(marker: int, body: bytes) -> bytes:
    return struct.pack(">BBH", 0xFF, marker, len(body) + 2) + body


def with_segments(jpeg: bytes, *segments: tuple[int, bytes]) -> bytes:
    """Put segments in front of a JPEG's own."""
    existing, scans = split_jpeg(jpeg)
    return join_jpeg([*segments, *existing], scans)


def without_marker(jpeg: bytes, marker: int) -> bytes:
    segments, scans = split_jpeg(jpeg)
    return join_jpeg([segment for segment in segments if segment[0] != marker], scans)


def with_adobe_transform(jpeg: bytes, transform: int) -> bytes:
    """Rewrite Adobe's marker: 0 says CMYK (or RGB), 1 YCbCr, 2 YCCK."""
    adobe = b"Adobe\0\x64\0\0\0\0" + bytes([transform])
    return with_segments(without_marker(jpeg, 0xEE), (0xEE, adobe))


def ycck_jpeg(pixels: NDArray[np.uint8]) -> bytes:
    """A CMYK picture as Photoshop writes it: inverted, its colours turned into YCbCr."""
    colours = np.asarray(Image.fromarray(255 - pixels).convert("YCbCr"))
    black = np.full((*pixels.shape[:2], 1), 255, np.uint8)
    stored = np.concatenate([colours, black], axis=2)
    cmyk = Image.fromarray(255 - stored, "CMYK")  # Pillow inverts as it writes
    return with_adobe_transform(encode(cmyk, "JPEG", quality=95), 2)


def mpo(first: NDArray[np.uint8], second: NDArray[np.uint8]) -> bytes:
    """Two pictures in one JPEG, as stereo cameras and phones write them."""
    return encode(
        Image.fromarray(first), "MPO", save_all=True, append_images=[Image.fromarray(second)]
    )


def apng(first: NDArray[np.uint8], second: NDArray[np.uint8]) -> bytes:
    """An animation of two frames, of which the first is also the default image."""
    return encode(
        Image.fromarray(first), "PNG", save_all=True, append_images=[Image.fromarray(second)]
    )


def exif(orientation: int) -> Image.Exif:
    block = Image.Exif()
    block[0x0112] = orientation
    block[0x013B] = "somebody"
    return block


def random_palette(seed: int = 0) -> NDArray[np.uint8]:
    return np.random.default_rng(seed).integers(0, 256, (256, 3), dtype=np.uint8)


def every_kind(pixels: NDArray[np.uint8] | None = None) -> dict[str, Callable[[], bytes]]:
    """One builder of each kind of valid file by name, all showing `pixels` in their way.

    Of use to whoever wants to see that every decodable picture is answered.
    """
    rgb = photo() if pixels is None else pixels
    image = Image.fromarray(rgb)
    grey = image.convert("L")
    wide = rgb.astype(np.uint16) * 257
    alpha = np.full((*rgb.shape[:2], 1), 200, np.uint8)
    rgba = np.concatenate([rgb, alpha], axis=2)
    indices = np.asarray(grey)
    palette = random_palette()

    def jpeg(**options: Any) -> Callable[[], bytes]:
        return lambda: encode(image, "JPEG", **options)

    return {
        "png rgb": lambda: encode(rgb),
        "png rgba": lambda: encode(rgba),
        "png grey": lambda: encode(grey),
        "png grey alpha": lambda: encode(grey.convert("LA")),
        "png 1 bit": lambda: encode(grey.convert("1")),
        "png 2 bit grey": lambda: png(indices >> 6, 0, 2),
        "png 4 bit grey": lambda: png(indices >> 4, 0, 4),
        "png 16 bit grey": lambda: png(wide[..., 0], 0, 16),
        "png 16 bit grey alpha": lambda: png(wide[..., :2], 4, 16),
        "png 16 bit rgb": lambda: png(wide, 2, 16),
        "png 16 bit rgba": lambda: png(rgba.astype(np.uint16) * 257, 6, 16),
        "png palette": lambda: png(indices, 3, 8, palette=palette.tobytes()),
        "png 4 bit palette": lambda: png(indices >> 4, 3, 4, palette=palette[:16].tobytes()),
        "png palette, alphas": lambda: png(
            indices, 3, 8, palette=palette.tobytes(), transparency=bytes(range(256))
        ),
        "png palette, one clear": lambda: png(
            indices, 3, 8, palette=palette.tobytes(), transparency=b"\xff\xff\x00\xff"
        ),
        "png grey, one clear": lambda: png(indices, 0, 8, transparency=b"\0\x80"),
        "png rgb, one clear": lambda: png(rgb, 2, 8, transparency=b"\0\x01\0\x02\0\x03"),
        "png interlaced": lambda: png(rgb, 2, 8, interlaced=True),
        "png animated": lambda: apng(rgb, rgb[::-1].copy()),
        "png turned": lambda: encode(image, exif=exif(6)),
        "jpeg": jpeg(),
        "jpeg grey": lambda: encode(grey, "JPEG"),
        "jpeg 4:4:4": jpeg(subsampling=0, quality=98),
        "jpeg progressive": jpeg(progressive=True),
        "jpeg restarts": jpeg(restart_marker_blocks=2),
        "jpeg turned": jpeg(exif=exif(6)),
        "jpeg profile": jpeg(icc_profile=b"not a profile" * 9),
        "jpeg rgb": lambda: encode(image, "JPEG", keep_rgb=True),
        "jpeg cmyk": lambda: encode(image.convert("CMYK"), "JPEG"),
        "jpeg ycck": lambda: ycck_jpeg(rgb),
        "jpeg cmyk, no adobe": lambda: without_marker(encode(image.convert("CMYK"), "JPEG"), 0xEE),
        "jpeg mpo": lambda: mpo(rgb, rgb[::-1].copy()),
        "webp": lambda: encode(image, "WEBP", quality=80),
        "webp lossless": lambda: encode(rgba, "WEBP"),
        "webp turned": lambda: encode(image, "WEBP", exif=exif(6)),
        "bmp": lambda: encode(image, "BMP"),
        "bmp palette": lambda: encode(image.quantize(16), "BMP"),
        "bmp 1 bit": lambda: encode(grey.convert("1"), "BMP"),
        "avif": lambda: encode(image, "AVIF"),
        "avif turned": lambda: encode(image, "AVIF", exif=exif(6)),
    }
