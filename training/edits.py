"""Local edits without a generator: splice, copy-move, retouch; `removal` has the fourth.

Each takes pictures as (H, W, 3) uint8 RGB and returns the edited picture with its exact mask,
(H, W) bool: the pixels whose content the edit replaced or altered.
"""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np

from training import history
from training.history import Picture, to_bytes
from training.masks import Mask, Shapes, feathered, random_mask

FITTED_SHARE = 0.5  # of pasted regions: people put them where they do not show
FITTED_PLACES = 6  # tried for these


def splice(
    base: Picture,
    donor: Picture,
    donor_mask: Mask,
    rng: np.random.Generator,
    hard: float = 0.35,
) -> tuple[Picture, Mask]:
    """Paste the donor's masked region somewhere into the base, resampled and relit to fit."""
    patch, region = _cut(donor, donor_mask)
    patch, region = _transform(patch, region, base.shape[:2], rng)
    layer, mask = _fitting_place(patch, region, base, np.zeros(base.shape[:2], dtype=bool), rng)
    if rng.random() < 0.7:
        layer = relight(layer, base, mask, float(rng.uniform(0.2, 1.0)))
    if rng.random() < 0.12 and inside(mask):
        return poisson(base, layer, mask), mask
    return blend(base, layer, mask, rng, hard), mask


def copy_move(
    base: Picture, shapes: Shapes | None, rng: np.random.Generator
) -> tuple[Picture, Mask]:
    """Copy a region of the picture to another place in it; the mask is the copy alone."""
    source = random_mask(base.shape[:2], rng, shapes)
    patch, region = _cut(base, source)
    if rng.random() < 0.55:
        patch, region = _transform(patch, region, base.shape[:2], rng, gentle=True)
    layer, mask = _fitting_place(patch, region, base, source, rng)
    if rng.random() < 0.15:
        mask &= ~source  # partly hidden behind the original
    if rng.random() < 0.15:
        layer = to_bytes(layer * float(rng.uniform(0.85, 1.15)))
    return blend(base, layer, mask, rng, hard=0.5), mask


def _fitting_place(
    patch: Picture, region: Mask, base: Picture, source: Mask, rng: np.random.Generator
) -> tuple[Picture, Mask]:
    """A place off `source`; half of the time the one of several where the border fits best."""
    wanted = FITTED_PLACES if rng.random() < FITTED_SHARE else 1
    best, least, seen = None, np.inf, 0
    for _ in range(2 * FITTED_PLACES):
        layer, mask = _place(patch, region, base.shape[:2], rng)
        if best is None:
            best = layer, mask
        if (mask & source).sum() < 0.3 * mask.sum():
            inner = cv2.erode(mask.astype(np.uint8), np.ones((5, 5), np.uint8)) > 0
            rim = mask & ~inner
            gap = float(np.abs(layer[rim].astype(np.int16) - base[rim]).mean())
            if gap < least:
                best, least = (layer, mask), gap
            seen += 1
        if seen == wanted:
            break
    assert best is not None
    return best


def retouch(base: Picture, shapes: Shapes | None, rng: np.random.Generator) -> tuple[Picture, Mask]:
    """Alter a region in place with one or two filters."""
    mask = random_mask(base.shape[:2], rng, shapes)
    layer = base
    for _ in range(1 if rng.random() < 0.7 else 2):
        layer = RETOUCHES[int(rng.integers(len(RETOUCHES)))](layer, rng)
    return blend(base, layer, mask, rng, hard=0.3), mask


def blend(
    base: Picture, layer: Picture, mask: Mask, rng: np.random.Generator, hard: float
) -> Picture:
    alpha = feathered(mask, rng, hard)[..., None]
    return to_bytes(base + alpha * (layer.astype(np.float32) - base))


def _strong_blur(picture: Picture, rng: np.random.Generator) -> Picture:
    return np.asarray(cv2.GaussianBlur(picture, (0, 0), float(rng.uniform(1.0, 5.0))), np.uint8)


def _median(picture: Picture, rng: np.random.Generator) -> Picture:
    return np.asarray(cv2.medianBlur(picture, int(rng.choice([3, 5, 7]))), np.uint8)


def _smooth_skin(picture: Picture, rng: np.random.Generator) -> Picture:
    return np.asarray(cv2.bilateralFilter(picture, 9, float(rng.uniform(20, 60)), 7), np.uint8)


def _recolour(picture: Picture, rng: np.random.Generator) -> Picture:
    hsv = cv2.cvtColor(picture, cv2.COLOR_RGB2HSV)
    hsv[..., 0] = (hsv[..., 0].astype(int) + int(rng.integers(10, 170))) % 180
    return np.asarray(cv2.cvtColor(hsv, cv2.COLOR_HSV2RGB), np.uint8)


def _warp(picture: Picture, rng: np.random.Generator) -> Picture:
    """Liquify: a smooth displacement of a few pixels."""
    height, width = picture.shape[:2]
    side = int(rng.integers(3, 6))
    push = rng.normal(0, rng.uniform(2, 7), (2, side, side)).astype(np.float32)
    shift = [cv2.resize(p, (width, height), interpolation=cv2.INTER_CUBIC) for p in push]
    x, y = np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32))
    return np.asarray(
        cv2.remap(
            picture, x + shift[0], y + shift[1], cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT
        ),
        np.uint8,
    )


def _resample(picture: Picture, rng: np.random.Generator) -> Picture:
    small = history.resize(picture, float(rng.uniform(0.4, 0.85)), rng)
    size = picture.shape[1::-1]
    return np.asarray(cv2.resize(small, size, interpolation=cv2.INTER_CUBIC), np.uint8)


def _recompress(picture: Picture, rng: np.random.Generator) -> Picture:
    return history.jpeg(picture, rng, low=50)


RETOUCHES: tuple[Callable[[Picture, np.random.Generator], Picture], ...] = (
    _strong_blur,
    _median,
    _smooth_skin,
    _recolour,
    _warp,
    _resample,
    _recompress,
    history.sharpen,
    history.grain,
    history.tone,
    history.saturate,
)


def _cut(picture: Picture, mask: Mask) -> tuple[Picture, Mask]:
    """The region's bounding box with two pixels around it, for interpolation."""
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    top, bottom = max(0, rows[0] - 2), rows[-1] + 3
    left, right = max(0, columns[0] - 2), columns[-1] + 3
    return picture[top:bottom, left:right], mask[top:bottom, left:right]


def _transform(
    patch: Picture,
    region: Mask,
    size: tuple[int, int],
    rng: np.random.Generator,
    gentle: bool = False,
) -> tuple[Picture, Mask]:
    """Rotate, scale and mirror a patch; it ends up covering 1 to 30 % of `size`."""
    area = region.sum() / (size[0] * size[1])
    spread = 0.3 if gentle else 0.6
    scale = float(np.exp(rng.uniform(-spread, spread)))
    scale = float(np.clip(scale, np.sqrt(0.01 / area), np.sqrt(0.30 / area)))
    scale = min(scale, 0.9 * size[0] / patch.shape[0], 0.9 * size[1] / patch.shape[1])
    angle = float(rng.normal(0, 12)) if rng.random() < 0.6 else 0.0
    if rng.random() < 0.3:
        patch, region = patch[:, ::-1], region[:, ::-1]
    height, width = patch.shape[:2]
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), angle, scale)
    cos, sin = abs(matrix[0, 0]), abs(matrix[0, 1])
    new = (int(width * cos + height * sin) + 1, int(width * sin + height * cos) + 1)
    matrix[:, 2] += (new[0] - width) / 2, (new[1] - height) / 2
    method = cv2.INTER_CUBIC if rng.random() < 0.5 else cv2.INTER_LINEAR
    moved = cv2.warpAffine(
        np.ascontiguousarray(patch), matrix, new, flags=method, borderMode=cv2.BORDER_REFLECT
    )
    shape = cv2.warpAffine(np.ascontiguousarray(region, np.uint8) * 255, matrix, new)
    return np.asarray(moved, np.uint8), shape > 127


def _place(
    patch: Picture, region: Mask, size: tuple[int, int], rng: np.random.Generator
) -> tuple[Picture, Mask]:
    """The patch on a canvas of `size`, up to a quarter of it beyond the border."""
    height, width = patch.shape[:2]
    top = int(rng.integers(-height // 4, max(-height // 4 + 1, size[0] - 3 * height // 4)))
    left = int(rng.integers(-width // 4, max(-width // 4 + 1, size[1] - 3 * width // 4)))
    layer, mask = np.zeros((*size, 3), np.uint8), np.zeros(size, dtype=bool)
    y, x = max(0, top), max(0, left)
    bottom, right = min(size[0], top + height), min(size[1], left + width)
    inner = (slice(y - top, bottom - top), slice(x - left, right - left))
    layer[y:bottom, x:right], mask[y:bottom, x:right] = patch[inner], region[inner]
    return layer, mask


def relight(layer: Picture, base: Picture, mask: Mask, strength: float) -> Picture:
    """Move the region's colour statistics towards those of its new surroundings."""
    if not mask.any():
        return layer
    around = cv2.dilate(mask.astype(np.uint8), np.ones((31, 31), np.uint8)) > 0
    around &= ~mask
    if around.sum() < 50:
        return layer
    own, target = layer[mask].astype(np.float32), base[around].astype(np.float32)
    gain = np.clip(target.std(0) / (own.std(0) + 4), 0.6, 1.6)
    moved = (layer - own.mean(0)) * (1 + strength * (gain - 1))
    return to_bytes(moved + own.mean(0) + strength * (target.mean(0) - own.mean(0)))


def inside(mask: Mask) -> bool:
    """Whether the region keeps away from the border, as `seamlessClone` demands."""
    edge = mask[:2].any() or mask[-2:].any() or mask[:, :2].any() or mask[:, -2:].any()
    return bool(mask.any()) and not edge


def poisson(base: Picture, layer: Picture, mask: Mask) -> Picture:
    """The layer's gradients in the region, joined to the base without a seam; see `inside`."""
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    centre = (int(columns[0] + columns[-1] + 1) // 2, int(rows[0] + rows[-1] + 1) // 2)
    cloned = cv2.seamlessClone(layer, base, mask.astype(np.uint8) * 255, centre, cv2.NORMAL_CLONE)
    return np.asarray(cloned, np.uint8)
