"""Which of two like regions is the copy: what its border and its resampling tell.

A paste ends where its surroundings begin, and these are another place's; the source goes on across
its border as nature had it. And a copy that was turned or scaled was interpolated once: it can be
made from its source, while the source cannot be made from it, since it has lost the finest detail
(source-target disambiguation: Barni, Phan & Tondi, IEEE TIFS 2021, for networks).
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

INSIDE = 9  # pixels: a square by which a region shrinks to what is surely alike in both
REACH = 25  # pixels: likewise, by which it grows to where its border must be
FEWEST = 30  # pixels: a region with less of an inside is taken as a whole
UNLIKE = 3.0  # times the median difference inside: beyond it the two are not the same
LEAST_UNLIKE = 4.0  # grey levels, where the two are the same to the last bit
GAINS = (0.7, 1.4)  # of brightness between the two
BORDER = (0.0, 2.0)  # pixels outside the region where the step is, of -3 to 4 the best
SMOOTHED = 1.5  # pixels: of the distance whose gradient is the border's normal
SAME_STEP = 1.0  # grey levels a pixel: steps that differ by less are alike
DETAIL = 0.3  # grey levels: differences below it are rounding


def seam(luma: NDArray[np.float32], moved: NDArray[np.float32], region: NDArray[np.bool_]) -> float:
    """Whether the picture or its moved self is steeper across the region's border, -1..1.

    Args:
        luma: (H, W) float32, 0..255.
        moved: (H, W), what the map takes there; below 0 where nothing is.
        region: (H, W), where the two are alike.

    Returns:
        The share of the border's pixels at which `luma` is steeper, less that at which `moved` is:
        above 0, `region` is the copy.
    """
    box = around(region, REACH)
    luma, moved, region = luma[box], moved[box], region[box]
    known = moved >= 0
    fitted = _fitted(luma, moved, inside(region) & known)
    alike = _alike(luma, fitted, region, known)
    outward = cv2.distanceTransform(1 - alike, cv2.DIST_L2, 3)
    distance = np.asarray(outward - cv2.distanceTransform(alike, cv2.DIST_L2, 3), np.float32)
    border = (distance > BORDER[0]) & (distance <= BORDER[1]) & known
    if not border.any():
        return 0.0
    x, y = _gradient(np.asarray(cv2.GaussianBlur(distance, (0, 0), SMOOTHED), np.float32))
    length = np.hypot(x, y) + 1e-6
    here, there = (np.abs(a * x + b * y) / length for a, b in (_gradient(luma), _gradient(fitted)))
    gap = (here - there)[border]
    return float(np.mean(np.sign(gap) * (np.abs(gap) > SAME_STEP)))


def resampling(
    luma: NDArray[np.float32],
    affine: NDArray[np.float64],
    source: NDArray[np.bool_],
    target: NDArray[np.bool_],
) -> float:
    """How much worse the source can be made from the target than the target from the source.

    Args:
        luma: (H, W) float32.
        affine: (2, 3), from source to target.
        source, target: (H, W) regions.

    Returns:
        A log ratio: above 0, `target` is the copy; 0 where nothing was interpolated.
    """
    forth = _missed(luma, affine, target)
    back = _missed(luma, np.asarray(cv2.invertAffineTransform(affine)), source)
    return float(np.log((back + DETAIL) / (forth + DETAIL)))


def _missed(
    luma: NDArray[np.float32], affine: NDArray[np.float64], region: NDArray[np.bool_]
) -> float:
    """Root mean square by which the picture, mapped onto itself, misses the region."""
    box = around(region, INSIDE)
    shifted = affine.copy()
    shifted[:, 2] -= box[1].start, box[0].start
    here = luma[box]
    moved = cv2.warpAffine(luma, shifted, here.shape[::-1], borderMode=cv2.BORDER_REPLICATE)
    where = inside(region[box])
    fitted = _fitted(here, np.asarray(moved, np.float32), where)
    return float(np.sqrt(np.mean((here - fitted)[where] ** 2)))


def around(region: NDArray[np.bool_], margin: int) -> tuple[slice, slice]:
    """The region's bounding box with a margin."""
    spans = []
    for axis, length in ((1, region.shape[0]), (0, region.shape[1])):
        there = np.flatnonzero(region.any(axis))
        spans.append(slice(max(0, there[0] - margin), min(length, there[-1] + margin + 1)))
    return spans[0], spans[1]


def inside(region: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """The region without its border; all of it where that leaves next to nothing."""
    square = np.ones((INSIDE, INSIDE), np.uint8)
    eroded = cv2.erode(region.astype(np.uint8), square, borderValue=0) > 0
    return np.asarray(eroded if eroded.sum() >= FEWEST else region)


def _fitted(
    luma: NDArray[np.float32], moved: NDArray[np.float32], inside: NDArray[np.bool_]
) -> NDArray[np.float32]:
    """`moved` in the brightness and contrast that `luma` has inside."""
    if not inside.any():
        return moved
    x, y = moved[inside], luma[inside]
    middle = x.mean()
    gain = ((x - middle) * (y - y.mean())).mean() / (x.var() + 1e-6)
    return np.asarray(y.mean() + np.clip(gain, *GAINS) * (moved - middle), np.float32)


def _alike(
    luma: NDArray[np.float32],
    fitted: NDArray[np.float32],
    region: NDArray[np.bool_],
    known: NDArray[np.bool_],
) -> NDArray[np.uint8]:
    """(H, W) of 0 and 1: where the two are the same, up to the pixel at which they part."""
    difference = cv2.blur(np.abs(luma - fitted), (3, 3))
    core = inside(region)
    limit = max(UNLIKE * float(np.median(difference[core])), LEAST_UNLIKE)
    near = cv2.dilate(region.astype(np.uint8), np.ones((REACH, REACH), np.uint8))
    same = ((difference < limit) & known).astype(np.uint8) & near
    same = cv2.morphologyEx(same, cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
    same = cv2.morphologyEx(same, cv2.MORPH_CLOSE, np.ones((INSIDE, INSIDE), np.uint8))
    islands = cv2.connectedComponents(np.asarray(same, np.uint8))[1]
    ours = np.unique(islands[core])
    return np.isin(islands, ours[ours > 0]).astype(np.uint8)


def _gradient(x: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Along columns and rows, per pixel."""
    across, down = (cv2.Sobel(x, cv2.CV_32F, *order) / 8 for order in ((1, 0), (0, 1)))
    return np.asarray(across, np.float32), np.asarray(down, np.float32)
