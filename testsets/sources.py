"""Where the pictures of the data sets are taken from: crops of scenes and of photographs."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from testsets.camera import Shot, photograph
from testsets.edits import Source
from testsets.photos import CREDITS, photo
from testsets.scenes import PLATES, SIDE, plate
from training import history

NATIVE = 0.4  # share of pictures that show the sensor's own pixels; the others were made smaller
MOST_REDUCED = 4.0  # the largest such reduction
CROPS = 4  # looked at, to take one that shows objects


def scene(seed: int, number: int, size: tuple[int, int], rng: np.random.Generator) -> Source:
    """A picture of `size` (height, width) of a scene, taken with a camera of its own."""
    whole = plate(seed, number % PLATES)
    largest = min(MOST_REDUCED, SIDE / max(size))
    scale = 1.0 if rng.random() < NATIVE else float(rng.uniform(1.0, largest))
    height, width = (min(SIDE, round(scale * side)) for side in size)
    crop = _crop(whole.objects, (height, width), rng)
    light = whole.light[crop].astype(np.float32)
    shot = Shot.drawn(rng)
    pixels = photograph(light, shot, rng)
    if (height, width) != tuple(size):
        way = history.interpolation(1 / scale, rng)
        pixels = np.asarray(cv2.resize(pixels, size[::-1], interpolation=way), np.uint8)
    outlines = cv2.resize(whole.objects[crop], size[::-1], interpolation=cv2.INTER_NEAREST)
    shown = cv2.resize(light, size[::-1], interpolation=cv2.INTER_AREA)
    return Source(
        name=f"procedural scene {number % PLATES} ({whole.kind})",
        pixels=pixels,
        objects=np.asarray(outlines, np.uint8),
        light=np.asarray(shown, np.float32),
        facts={"camera": shot.to_json(), "reduced": round(scale, 4)},
    )


def photograph_of(number: int, longest: int, rng: np.random.Generator) -> Source:
    """A crop of one of scikit-image's photographs, never enlarged; a small one makes way.

    Square with a side of `longest` where the photograph is large enough, else all of it with that
    longest side.

    Raises:
        ValueError: no photograph is that large.
    """
    name = _large_enough(number, longest)
    pixels = photo(name)
    height, width = pixels.shape[:2]
    if min(height, width) >= longest:
        side = int(rng.integers(longest, min(height, width) + 1))
        top, left = (int(rng.integers(0, extent - side + 1)) for extent in (height, width))
        pixels, size = pixels[top : top + side, left : left + side], (longest, longest)
    else:
        scale = longest / max(height, width)
        size = (round(height * scale), round(width * scale))
    reduced = pixels.shape[0] / size[0]
    if size != pixels.shape[:2]:
        way = history.interpolation(0.5, rng)
        pixels = np.asarray(cv2.resize(pixels, size[::-1], interpolation=way), np.uint8)
    credit = CREDITS[name]
    return Source(
        name=f"photograph skimage.data.{name}()",
        pixels=np.ascontiguousarray(pixels),
        facts={"author": credit.author, "licence": credit.licence, "reduced": round(reduced, 4)},
    )


def _large_enough(number: int, longest: int) -> str:
    """That photograph, or one from the other half of the list: neighbours seldom fall together."""
    names = list(CREDITS)
    for step in (*range(0, len(names), len(names) // 2), *range(len(names))):
        name: str = names[(number + step) % len(names)]
        if max(photo(name).shape) >= longest:
            return name
    raise ValueError(f"no photograph has {longest} pixels on a side")


def _crop(
    objects: NDArray[np.uint8], size: tuple[int, int], rng: np.random.Generator
) -> tuple[slice, slice]:
    crops = []
    for _ in range(CROPS):
        top, left = (int(rng.integers(0, SIDE - side + 1)) for side in size)
        crops.append((slice(top, top + size[0]), slice(left, left + size[1])))
    return max(crops, key=lambda crop: min(0.3, float((objects[crop][::4, ::4] > 0).mean())))
