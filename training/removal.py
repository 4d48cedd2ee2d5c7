"""Removal: what covers a region that is to disappear.

Pictures are (H, W, 3) uint8 RGB, masks (H, W) bool.
"""

from __future__ import annotations

import cv2
import numpy as np

from training.edits import blend, inside, poisson
from training.history import Picture
from training.masks import Mask, Shapes, random_mask

COARSE = 4  # times smaller: where diffusion reaches across a large region in a few pixels
CANDIDATES = 10  # places tried for a healing source: enough to find a similar neighbourhood


def remove(base: Picture, shapes: Shapes | None, rng: np.random.Generator) -> tuple[Picture, Mask]:
    """Cover a region with its surroundings: healing brush, cloning, or OpenCV's diffusion."""
    mask = random_mask(base.shape[:2], rng, shapes)
    if rng.random() < 0.25:
        method = cv2.INPAINT_TELEA if rng.random() < 0.5 else cv2.INPAINT_NS
        return _inpaint(base, mask, method), mask
    layer = _best_shift(base, mask, rng)
    if rng.random() < 0.5 and inside(mask):
        return poisson(base, layer, mask), mask
    return blend(base, layer, mask, rng, hard=0.15), mask


def cover(base: Picture, mask: Mask, rng: np.random.Generator) -> Picture:
    """The picture with a plausible content in the region: other parts of it, or a smooth guess."""
    if rng.random() < 0.5:
        layer = _best_shift(base, mask, rng)
    else:
        height, width = mask.shape
        size = (max(8, width // COARSE), max(8, height // COARSE))
        small = cv2.resize(base, size, interpolation=cv2.INTER_AREA)
        region = cv2.resize(mask.astype(np.uint8), size, interpolation=cv2.INTER_AREA) > 0
        grown = cv2.dilate(region.astype(np.uint8), np.ones((3, 3), np.uint8))
        guess = cv2.inpaint(small, grown, 5, cv2.INPAINT_TELEA)
        layer = np.asarray(cv2.resize(guess, (width, height), interpolation=cv2.INTER_CUBIC))
    return np.where(mask[..., None], layer, base)


def _best_shift(base: Picture, mask: Mask, rng: np.random.Generator) -> Picture:
    """The shifted picture whose pixels agree best along the region's border."""
    border = cv2.dilate(mask.astype(np.uint8), np.ones((9, 9), np.uint8)) > 0
    border &= ~mask
    best, lowest = base, np.inf
    height, width = mask.shape
    for _ in range(CANDIDATES):
        dy = int(rng.integers(-height // 2, height // 2))
        dx = int(rng.integers(-width // 2, width // 2))
        matrix = np.array([[1, 0, dx], [0, 1, dy]], np.float32)
        moved = cv2.warpAffine(base, matrix, (width, height), borderMode=cv2.BORDER_REFLECT)
        covered = _shifted(mask, dy, dx)[mask].mean() if mask.any() else 0.0
        cost = float(np.abs(moved[border].astype(np.int16) - base[border]).mean()) + 80 * covered
        if cost < lowest:
            best, lowest = np.asarray(moved, np.uint8), cost
    return best


def _shifted(mask: Mask, dy: int, dx: int) -> Mask:
    matrix = np.array([[1, 0, dx], [0, 1, dy]], np.float32)
    return cv2.warpAffine(mask.astype(np.uint8), matrix, mask.shape[::-1]) > 0


def _inpaint(base: Picture, mask: Mask, method: int) -> Picture:
    grown = cv2.dilate(mask.astype(np.uint8), np.ones((3, 3), np.uint8))
    filled = cv2.inpaint(base, grown, 3, method)
    return np.where(mask[..., None], filled, base)
