"""Files that are broken, are bombs or are no pictures: to be refused, or read as far as they go.

Which status each must get is said in `testsets.unsound`. Nothing is made that harms a reader who
keeps the limits of `detector.imaging`.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping

import numpy as np
from PIL import Image

from testsets import jpegfile, pngfile
from testsets.camera import Picture
from testsets.hostile import HEIGHT, MEBIBYTE, WIDTH, archive, jpeg
from testsets.imagefile import encode


def truncated(pixels: Picture) -> dict[str, tuple[bytes, str]]:
    """Files that end too early but hold some pixels: (file, format)."""
    whole = jpeg(pixels)
    waves = jpeg(pixels, progressive=True)
    dots = encode(pixels, "PNG", compress_level=6)
    headed = len(whole) - len(jpegfile.split(whole)[1])
    return {
        "JPEG, 90 % of it": (whole[: len(whole) * 9 // 10], "JPEG"),
        "JPEG, half of it": (whole[: len(whole) // 2], "JPEG"),
        "JPEG, a few scan bytes": (whole[: headed + 60], "JPEG"),
        "JPEG, without its last two bytes": (whole[:-2], "JPEG"),
        "JPEG, progressive, half of it": (waves[: len(waves) // 2], "JPEG"),
        "PNG, 90 % of it": (dots[: len(dots) * 9 // 10], "PNG"),
        "PNG, half of it": (dots[: len(dots) // 2], "PNG"),
        "PNG, without its last chunk": (dots[:-12], "PNG"),
    }


def damaged(pixels: Picture) -> dict[str, tuple[bytes, str]]:
    """Files whose pixels can be had in part or in whole all the same: (file, format)."""
    whole, dots = jpeg(pixels), encode(pixels, "PNG", compress_level=6)
    middle = len(whole) * 2 // 3
    packed = zlib.compress(np.pad(pixels.reshape(len(pixels), -1), ((0, 0), (1, 0))).tobytes(), 6)
    height, width = pixels.shape[:2]
    bad = pngfile.chunk(b"IDAT", packed, 0)
    head = pngfile.SIGNATURE + pngfile.header(width, height, 8, pngfile.RGB)
    return {
        "JPEG, bytes overwritten in its scan": (
            whole[:middle] + b"\x55" * 40 + whole[middle + 40 :],
            "JPEG",
        ),
        "JPEG, zeros in its scan": (whole[:middle] + bytes(60) + whole[middle + 60 :], "JPEG"),
        "JPEG, scan of another size": (jpegfile.resized(whole, WIDTH, 2 * HEIGHT), "JPEG"),
        "PNG, wrong checksum of the pixels": (head + bad + pngfile.chunk(b"IEND", b""), "PNG"),
        "PNG, bytes overwritten late": (dots[:-400] + b"\x55" * 60 + dots[-340:], "PNG"),
        "PNG, more pixels than announced": (
            pngfile.SIGNATURE
            + pngfile.header(width, height // 2, 8, pngfile.RGB)
            + pngfile.chunk(b"IDAT", packed)
            + pngfile.chunk(b"IEND", b""),
            "PNG",
        ),
    }


def undecodable(pixels: Picture) -> dict[str, tuple[bytes, str]]:
    """Files of a known format out of which no pixel comes: (file, format)."""
    whole, dots = jpeg(pixels), encode(pixels, "PNG", compress_level=6)
    head = pngfile.SIGNATURE + pngfile.header(WIDTH, HEIGHT, 8, pngfile.RGB)
    end = pngfile.chunk(b"IEND", b"")
    return {
        "JPEG, its first bytes alone": (whole[:20], "JPEG"),
        "JPEG, no frame header": (jpegfile.without(whole, 0xC0), "JPEG"),
        "JPEG, no Huffman tables, height 0": (jpegfile.resized(whole, WIDTH, 0), "JPEG"),
        "PNG, its signature alone": (dots[:8], "PNG"),
        "PNG, half its header": (dots[:20], "PNG"),
        "PNG, width 0": (pngfile.SIGNATURE + pngfile.header(0, 4, 8, 2) + end, "PNG"),
        "PNG, depth 3": (pngfile.SIGNATURE + pngfile.header(4, 4, 3, 2) + end, "PNG"),
        "PNG, pixels that are not packed": (head + pngfile.chunk(b"IDAT", b"x" * 64) + end, "PNG"),
    }


def bombs(pixels: Picture) -> dict[str, tuple[bytes, str]]:
    """Small files that announce, or unpack to, far more than they should: (file, format)."""
    return {
        "PNG header of 50000 x 50000": (
            pngfile.SIGNATURE
            + pngfile.header(50_000, 50_000, 8, pngfile.RGB)
            + pngfile.chunk(b"IDAT", zlib.compress(bytes(1000)))
            + pngfile.chunk(b"IEND", b""),
            "PNG",
        ),
        "PNG of 30000 x 30000, all there": (pngfile.blank(30_000, 30_000), "PNG"),
        "PNG of 4 000 000 000 x 1": (pngfile.blank(4_000_000_000, 1, zeros=1000), "PNG"),
        "JPEG header of 65500 x 65500": (jpegfile.resized(jpeg(pixels), 65_500, 65_500), "JPEG"),
        "progressive JPEG header of 60000 x 60000": (
            jpegfile.resized(jpeg(pixels, progressive=True), 60_000, 60_000),
            "JPEG",
        ),
    }


def stuffed(pixels: Picture) -> dict[str, tuple[bytes, str]]:
    """Pictures of a usual size with a bomb beside the pixels: (file, format)."""
    text = b"Comment\0\0" + zlib.compress(bytes(64 * MEBIBYTE), 9)
    before = [pngfile.chunk(b"zTXt", text)]
    return {
        "PNG, 64 MB of packed text": (pngfile.png(pixels, pngfile.RGB, 8, before=before), "PNG"),
        "PNG of 64 x 64 whose pixels go on for 64 MB": (
            pngfile.blank(64, 64, zeros=64 * MEBIBYTE),
            "PNG",
        ),
    }


def other_formats(pixels: Picture) -> Mapping[str, tuple[bytes, str]]:
    """What people send instead of JPEG and PNG: (file, media type)."""
    image = Image.fromarray(pixels)
    return {
        "WebP": (encode(image, "WEBP", quality=85, method=4), "image/webp"),
        "WebP, lossless": (encode(image, "WEBP", lossless=True, method=4), "image/webp"),
        "AVIF": (encode(image, "AVIF", quality=80, speed=8, max_threads=1), "image/avif"),
        "BMP": (encode(image, "BMP"), "image/bmp"),
        "GIF": (encode(image, "GIF"), "image/gif"),
        "TIFF": (encode(image, "TIFF"), "image/tiff"),
        "HEIC, first bytes": (b"\0\0\0\x18ftypheic" + bytes(200), "image/heic"),
        "JPEG 2000, first bytes": (b"\0\0\0\x0cjP  \r\n\x87\n" + bytes(200), "image/jp2"),
        "JPEG XL, first bytes": (b"\xff\x0a" + bytes(200), "image/jxl"),
    }


def not_pictures() -> Mapping[str, bytes]:
    noise = np.random.default_rng(2).integers(0, 256, 2000, np.uint8).tobytes()
    return {
        "one zero byte": b"\0",
        "4 kB of zeros": bytes(4096),
        "random bytes": b"\x01" + noise,
        "plain text": b"This is not a picture.\n" * 20,
        "HTML": b"<!doctype html><title>404</title><p>Not found</p>",
        "SVG": b'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>',
        "PDF": b"%PDF-1.7\n" + noise[:200],
        "a ZIP archive": archive(),
        "a Git LFS pointer": b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n",
    }
