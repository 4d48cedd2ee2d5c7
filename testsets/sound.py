"""Odd pictures that hold together: every service must judge them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping

import numpy as np
from PIL import Image

from testsets import hostile
from testsets.camera import Picture
from testsets.dataset import Row
from testsets.edge_row import Files, judged
from testsets.imagefile import encode

TINY = ((1, 1), (2, 1), (1, 2), (2, 2), (3, 2), (7, 7), (8, 8), (9, 15), (16, 16))  # width, height
ODD = ((33, 31), (63, 65), (100, 99), (127, 129), (257, 255), (513, 511), (641, 479))
WIDE = ((1000, 50), (50, 1000), (2000, 150), (150, 2000), (3000, 4), (4, 3000))
THIN = ((1, 5000), (5000, 1), (1, 1500), (1500, 1), (2, 4000), (4000, 3))
HUGE = ((2048, 2048), (2048, 1536), (4000, 3000))


def _as(kind: str, files: Mapping[str, bytes]) -> Files:
    return {case: (data, kind) for case, data in files.items()}


def shapes(sizes: Iterable[tuple[int, int]]) -> Callable[[int], Iterator[Row]]:
    def rows(seed: int) -> Iterator[Row]:
        for width, height in sizes:
            pixels = hostile.picture(seed, height, width)
            files = {
                f"{width} x {height}, PNG": (encode(pixels, "PNG", compress_level=6), "PNG"),
                f"{width} x {height}, JPEG": (hostile.jpeg(pixels), "JPEG"),
            }
            yield from judged(files, pixels)

    return rows


def huge(seed: int) -> Iterator[Row]:
    """Enlarged, so that the files stay small."""
    small = Image.fromarray(hostile.picture(seed, 512, 512))
    for width, height in HUGE:
        pixels = np.asarray(small.resize((width, height), Image.Resampling.BICUBIC))
        name = f"{width} x {height}, JPEG"
        yield from judged({name: (hostile.jpeg(pixels), "JPEG")}, pixels)
    pixels = np.asarray(small.resize((2048, 2048), Image.Resampling.NEAREST))
    data = encode(pixels, "PNG", compress_level=6)
    yield from judged({"2048 x 2048, PNG": (data, "PNG")}, pixels)


def small_modes(seed: int) -> Iterator[Row]:
    """32 x 32 in the modes that services trip over."""
    pixels = hostile.picture(seed, 32, 32)
    jpegs = hostile.jpeg_kinds(pixels)
    files = _as("PNG", hostile.png_modes(pixels))
    yield from judged(files, pixels)
    some = {name: jpegs[name] for name in ("progressive", "grey", "4:4:4, quality 100")}
    yield from judged(_as("JPEG", some), pixels)


def kinds(
    kind: str, make: Callable[[Picture], Mapping[str, bytes]]
) -> Callable[[int], Iterator[Row]]:
    def rows(seed: int) -> Iterator[Row]:
        pixels = hostile.picture(seed)
        yield from judged(_as(kind, make(pixels)), pixels)

    return rows


def profiles(seed: int) -> Iterator[Row]:
    pixels = hostile.picture(seed)
    yield from judged(hostile.profiles(pixels), pixels)


def turned(seed: int) -> Iterator[Row]:
    """Orientations 1 to 8, and two that do not exist: the mask has the stored size each time."""
    pixels = hostile.picture(seed)
    for orientation in (1, 2, 3, 4, 5, 6, 7, 8, 0, 99):
        block = hostile.exif(orientation)
        files = {
            f"JPEG, orientation {orientation}": (hostile.jpeg(pixels, exif=block), "JPEG"),
            f"PNG, orientation {orientation}": (
                encode(pixels, "PNG", compress_level=6, exif=block),
                "PNG",
            ),
        }
        yield from judged(files, pixels)


def contents(seed: int) -> Iterator[Row]:
    for name, pixels in hostile.contents().items():
        files = {
            f"{name}, PNG": (encode(pixels, "PNG", compress_level=6), "PNG"),
            f"{name}, JPEG": (hostile.jpeg(pixels), "JPEG"),
        }
        yield from judged(files, pixels)
