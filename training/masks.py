"""Shapes of manipulated regions: objects, lassos, blobs, brush strokes, boxes, ellipses.

Every function returns a bool array of shape `size` = (height, width).
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

Mask = NDArray[np.bool_]
Size = tuple[int, int]
MIN_AREA = 0.008  # of the picture: smaller regions do not survive a resize by half
MAX_AREA = 0.40  # above it "locally" stops being true
TRIES = 6  # draws before the box, which always fits, is taken


@dataclass(frozen=True)
class Shapes:
    """What is known of a picture's outlines, as maps stretched over it.

    Attributes:
        segments: (h, w) uint8 numbers of superpixels.
        salient: (h, w) uint8 alpha of the object in front, or None where none was found.
    """

    segments: NDArray[np.uint8]
    salient: NDArray[np.uint8] | None = None


def random_mask(size: Size, rng: np.random.Generator, shapes: Shapes | None = None) -> Mask:
    """A region of plausible outline and area; objects need the picture's `shapes`."""
    names = ["lasso", "blob", "strokes", "box", "ellipse"]
    weights = [0.34, 0.20, 0.12, 0.18, 0.16]
    for _ in range(TRIES):
        if shapes is not None and shapes.salient is not None and rng.random() < 0.65:
            mask = salient(size, rng, shapes.salient)
        elif shapes is not None and rng.random() < 0.6:
            mask = objects(size, rng, shapes.segments)
        else:
            name = str(rng.choice(names, p=weights))
            mask = {
                "lasso": lasso,
                "blob": blob,
                "strokes": strokes,
                "box": box,
                "ellipse": ellipse,
            }[name](size, rng)
        if MIN_AREA <= mask.mean() <= MAX_AREA:
            return mask
    return box(size, rng)


def objects(size: Size, rng: np.random.Generator, segments: NDArray[np.uint8]) -> Mask:
    """Grow a region over neighbouring segments until a drawn area is reached."""
    goal = np.exp(rng.uniform(np.log(0.015), np.log(0.30))) * segments.size
    y, x = (int(v) for v in rng.integers(8, np.array(segments.shape) - 8))
    region = (segments == segments[y, x]).astype(np.uint8)
    _, parts = cv2.connectedComponents(region)
    region = (parts == parts[y, x]).astype(np.uint8)
    for _ in range(10):
        if region.sum() >= goal:
            break
        ring = cv2.dilate(region, np.ones((5, 5), np.uint8)) - region
        neighbours = segments[ring > 0]
        if neighbours.size == 0:
            break
        label = neighbours[int(rng.integers(neighbours.size))]
        _, parts = cv2.connectedComponents(((segments == label) | (region > 0)).astype(np.uint8))
        region = (parts == parts[y, x]).astype(np.uint8)
    kernel = int(rng.choice([3, 5, 7]))
    smooth = cv2.GaussianBlur(region * 255, (kernel, kernel), 0)
    return _cut_out(cv2.resize(smooth, size[::-1], interpolation=cv2.INTER_LINEAR) > 127, rng)


def salient(size: Size, rng: np.random.Generator, alpha: NDArray[np.uint8]) -> Mask:
    """The object in front, one of its parts, or (for a removal) a rough outline around it."""
    region = (alpha > 127).astype(np.uint8)
    count, parts, stats, _ = cv2.connectedComponentsWithStats(region)
    if count > 2:  # several objects: mostly one of them is edited
        areas = stats[1:, cv2.CC_STAT_AREA].astype(np.float64)
        chosen = 1 + int(rng.choice(count - 1, p=areas / areas.sum()))
        region = (parts == chosen).astype(np.uint8)
    smooth = cv2.resize(region * 255, size[::-1], interpolation=cv2.INTER_CUBIC)
    mask = cv2.GaussianBlur(smooth, (5, 5), 0) > 127
    if rng.random() < 0.2:
        reach = max(3, int(min(size) * rng.uniform(0.01, 0.04)))
        return cv2.dilate(mask.astype(np.uint8), _disc(reach)) > 0
    return _cut_out(mask, rng)


def _cut_out(mask: Mask, rng: np.random.Generator) -> Mask:
    """People cut slightly too wide more often than too tight."""
    margin = int(rng.integers(-1, 4))
    if margin > 0:
        mask = cv2.dilate(mask.astype(np.uint8), _disc(margin)) > 0
    return np.asarray(mask, dtype=bool)


def lasso(size: Size, rng: np.random.Generator) -> Mask:
    """A closed outline drawn by a slightly unsteady hand."""
    angles = np.sort(rng.uniform(0, 2 * np.pi, int(rng.integers(5, 14))))
    fine = np.linspace(0, 2 * np.pi, 120)
    radii = rng.uniform(0.55, 1.35, angles.size)
    radius = np.interp(fine, angles, radii, period=2 * np.pi)
    radius = np.convolve(np.tile(radius, 3), np.ones(7) / 7, "same")[120:240]
    radius *= _scale(size, rng)
    stretch = rng.uniform(0.6, 1.6)
    points = np.stack([np.cos(fine) * radius * stretch, np.sin(fine) * radius / stretch], 1)
    return _filled(size, (points + _centre(size, rng)).astype(np.int32))


def blob(size: Size, rng: np.random.Generator) -> Mask:
    """The largest component of smoothed noise above a level."""
    side = int(rng.integers(4, 12))
    noise = cv2.resize(
        rng.standard_normal((side, side)).astype(np.float32),
        size[::-1],
        interpolation=cv2.INTER_CUBIC,
    )
    level = np.quantile(noise, 1 - rng.uniform(0.04, 0.35))
    count, parts, stats, _ = cv2.connectedComponentsWithStats((noise > level).astype(np.uint8))
    if count < 2:
        return np.zeros(size, dtype=bool)
    return np.asarray(parts == 1 + int(np.argmax(stats[1:, cv2.CC_STAT_AREA])), dtype=bool)


def strokes(size: Size, rng: np.random.Generator) -> Mask:
    """A few wide brush strokes, as painted over what is to be replaced."""
    canvas = np.zeros(size, np.uint8)
    point = _centre(size, rng)
    angle = rng.uniform(0, 2 * np.pi)
    width = max(3, int(min(size) * rng.uniform(0.04, 0.16)))
    for _ in range(int(rng.integers(2, 7))):
        angle += rng.normal(0, 0.8)
        step = np.array([np.cos(angle), np.sin(angle)]) * min(size) * rng.uniform(0.08, 0.22)
        start, point = point, point + step
        cv2.line(canvas, _pixel(start), _pixel(point), 1, width)
    return canvas > 0


def box(size: Size, rng: np.random.Generator) -> Mask:
    height, width = size
    area = np.exp(rng.uniform(np.log(0.02), np.log(0.3)))
    aspect = np.exp(rng.uniform(-0.7, 0.7))
    h = int(np.clip(height * np.sqrt(area * aspect), 4, height))
    w = int(np.clip(width * np.sqrt(area / aspect), 4, width))
    top, left = int(rng.integers(0, height - h + 1)), int(rng.integers(0, width - w + 1))
    mask = np.zeros(size, dtype=bool)
    mask[top : top + h, left : left + w] = True
    return mask


def ellipse(size: Size, rng: np.random.Generator) -> Mask:
    canvas = np.zeros(size, np.uint8)
    radius = _scale(size, rng)
    aspect = np.exp(rng.uniform(-0.6, 0.6))
    axes = (max(2, int(radius * aspect)), max(2, int(radius / aspect)))
    cv2.ellipse(canvas, _pixel(_centre(size, rng)), axes, float(rng.uniform(0, 180)), 0, 360, 1, -1)
    return canvas > 0


def feathered(mask: Mask, rng: np.random.Generator, hard: float = 0.35) -> NDArray[np.float32]:
    """Alpha in 0..1, (H, W): a hard edge with probability `hard`, else softened by 0.6 to 4 px."""
    alpha = mask.astype(np.float32)
    if rng.random() < hard:
        return alpha
    sigma = float(np.exp(rng.uniform(np.log(0.6), np.log(4.0))))
    return np.asarray(cv2.GaussianBlur(alpha, (0, 0), sigma), dtype=np.float32)


def _scale(size: Size, rng: np.random.Generator) -> float:
    return float(min(size) * np.sqrt(np.exp(rng.uniform(np.log(0.012), np.log(0.25))) / np.pi))


def _centre(size: Size, rng: np.random.Generator) -> NDArray[np.float64]:
    return np.asarray(rng.uniform(0.12, 0.88, 2) * np.array(size[::-1]))


def _filled(size: Size, points: NDArray[np.int32]) -> Mask:
    canvas = np.zeros(size, np.uint8)
    cv2.fillPoly(canvas, [points], 1)
    return canvas > 0


def _disc(radius: int) -> NDArray[np.uint8]:
    side = 2 * radius + 1
    return np.asarray(cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side)), dtype=np.uint8)


def _pixel(point: NDArray[np.float64]) -> tuple[int, int]:
    return int(point[0]), int(point[1])
