"""Stand-ins for generated content, each by the nearest means that need no generative model.

What real generators have in common is looked for in three ways: pixels that never met a sensor
(`render`, an object or a whole picture), pixels that went through an up-sampling decoder
(`decode`), and texture put together from pieces (`quilt`). Every use is named in a
sample's provenance.
"""

from __future__ import annotations

from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from testsets import textures
from testsets.camera import Picture, expose, to_bytes, tone
from testsets.raytrace import Eye, World, trace
from testsets.scenes import towards
from testsets.solids import Box, Cylinder, Solid, Sphere, Surface
from testsets.textures import Field, Texture

PATCH, OVERLAP = 21, 9  # pixels of a quilt's pieces and of the seam between them, at least
SHARE = 20  # pieces that cross a large picture: as many as a small one, or it would take minutes
CANDIDATES, BEST = 200, 4  # pieces to choose from; those that fit well enough
PROPS = 12  # objects in all: each is traced once


def render(light: Field, rng: np.random.Generator) -> Picture:
    """Show linear light (H, W, 3) as graphics programs do: a tone curve, no lens and no sensor."""
    return to_bytes(tone(expose(light), float(rng.uniform(0.1, 0.6))))


def decode(picture: Picture, rng: np.random.Generator, factor: int = 4) -> Picture:
    """Coarse content, then detail invented by an up-sampling stage of random filters.

    The stage is a transposed convolution whose kernel overlaps itself unevenly, which leaves the
    known checkerboard (Odena et al. 2016), at a strength that does not meet the eye.
    """
    height, width = picture.shape[:2]
    rows, columns = -(-height // factor), -(-width // factor)
    coarse = cv2.resize(picture.astype(np.float32), (columns, rows), interpolation=cv2.INTER_AREA)
    smooth = cv2.resize(coarse, (columns * factor, rows * factor), interpolation=cv2.INTER_CUBIC)
    weights = rng.normal(0, 1, (factor, factor, 3)).astype(np.float32)
    weights -= weights.mean((0, 1))
    board = np.tile(weights, (rows, columns, 1))
    contrast = cv2.GaussianBlur(np.abs(coarse - cv2.blur(coarse, (3, 3))), (0, 0), 1.0)
    strength = cv2.resize(contrast, (columns * factor, rows * factor)) * 0.2 + 1.2
    detail = cv2.GaussianBlur(
        rng.standard_normal((rows * factor, columns * factor, 3), np.float32), (0, 0), 0.9
    )
    made = smooth + strength * (0.6 * board + 1.2 * detail)
    sharp = made + 0.8 * (made - cv2.GaussianBlur(made, (0, 0), factor / 2))
    return np.asarray(np.clip(np.rint(sharp), 0, 255), np.uint8)[:height, :width]


def quilt(picture: Picture, mask: NDArray[np.bool_], rng: np.random.Generator) -> Picture:
    """Fill `mask` from its rim inwards with pieces of its surroundings that fit.

    After Efros and Freeman (2001); neighbouring pieces run into each other instead of being cut
    along the best seam. Where the mask leaves no whole piece of the surroundings, pieces may
    overlap it.
    """
    size = min(max(PATCH, min(mask.shape) // SHARE), *mask.shape)
    overlap = max(1, size * OVERLAP // PATCH)
    pieces = _pieces(picture, mask, size, rng)
    canvas = picture.astype(np.float32)
    known = ~mask
    for top, left in _places(mask, size, size - overlap):
        here = np.s_[top : top + size, left : left + size]
        if known[here].all():
            continue
        weight = known[here].astype(np.float32)
        cost = (((pieces - canvas[here]) ** 2).sum(3) * weight).sum((1, 2))
        piece = pieces[int(rng.choice(np.argpartition(cost, BEST)[:BEST]))]
        alpha = np.maximum(cv2.blur(1 - weight, (overlap, overlap)), 1 - weight)
        alpha = np.where(mask[here], alpha, 0)[..., None]  # what is known beside it stays
        canvas[here] += alpha * (piece - canvas[here])
        known[here] = True
    return np.asarray(np.clip(np.rint(canvas), 0, 255), np.uint8)


def _places(mask: NDArray[np.bool_], size: int, step: int) -> list[tuple[int, int]]:
    """Corners of pieces that cover the mask together, those nearest to its rim first."""
    step = max(1, step)
    depth = cv2.distanceTransform(np.pad(mask, 1).astype(np.uint8), cv2.DIST_L2, 3)[1:-1, 1:-1]
    grid = [sorted({*range(0, extent - size, step), extent - size}) for extent in mask.shape]
    places = [(top, left) for top in grid[0] for left in grid[1]]
    half = size // 2
    return sorted(places, key=lambda place: float(depth[place[0] + half, place[1] + half]))


def _pieces(
    picture: Picture, mask: NDArray[np.bool_], size: int, rng: np.random.Generator
) -> Field:
    """`CANDIDATES` pieces (n, size, size, 3), from near the mask if there is room."""
    height, width = mask.shape
    covered = cv2.boxFilter(mask.astype(np.float32), -1, (size, size), anchor=(0, 0))
    free = covered[: height - size + 1, : width - size + 1] < 1e-6
    reach = 2 * size + 1
    near = cv2.dilate(mask.astype(np.uint8), np.ones((2 * reach, 2 * reach), np.uint8)) > 0
    close = free & near[: height - size + 1, : width - size + 1]
    allowed = next((some for some in (close, free) if some.sum() >= size), np.ones_like(free))
    places = np.flatnonzero(allowed)
    chosen = places[rng.integers(0, places.size, CANDIDATES)]
    tops, lefts = chosen // free.shape[1], chosen % free.shape[1]
    found = [picture[y : y + size, x : x + size] for y, x in zip(tops, lefts, strict=True)]
    return np.stack(found).astype(np.float32)


@lru_cache(maxsize=PROPS)
def prop(seed: int, number: int) -> tuple[Picture, NDArray[np.bool_]]:
    """A rendered thing to put into a picture: (256, 256, 3) and its outline (256, 256)."""
    rng = np.random.default_rng([seed, 2, number])
    tile = (textures.skin, textures.glaze, textures.fabric)[int(rng.integers(3))](rng)
    surface = Surface(Texture(tile), scale=1.0, gloss=float(rng.uniform(0.3, 0.9)))
    solids: tuple[Solid, ...] = (
        Sphere((0, 1, 4), surface, 1.0),
        Box((0, 1, 4), surface, (0.8, 0.8, 0.8), float(rng.uniform(0.2, 1.3))),
        Cylinder((0, 1, 4), surface, 0.7, 1.0),
    )
    sun = towards(float(rng.uniform(-1.2, 1.2)), float(rng.uniform(0.5, 1.0)))
    grey = np.array([[0.3], [0.34], [0.4]], np.float32)
    world = World(
        planes=[],
        solids=[solids[number % len(solids)]],
        sun=sun,
        sunlight=np.array([[1.0], [0.93], [0.82]], np.float32),
        skylight=grey,
        sky=lambda ray: np.broadcast_to(grey, ray.shape).copy(),
        air=grey,
    )
    light, objects = trace(world, Eye(2.0, 0.25, 0.66), 256)
    return render(light, rng), objects > 0
