"""Two pictures laid over one another: what differs by more than compression explains."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from demo.alignment import Alignment, align, area_resized, stretch

MAX_PIXELS = 6_000_000  # compared at most: a second of work, 300 MB of temporaries
BLOCK = 8  # pixels: JPEG's block
FLAT = 2.0  # standard deviation of a block, grey levels: alike in any two pictures of a sky
EXACT_BLOCKS = 0.5  # of the blocks with detail: JPEG leaves hardly one as it was
NOISE_SIGMA = 1.5  # pixels: averages out compression and resampling, keeps edits of a few pixels
BINS = 12  # of detail: compression and resampling err by more where there is more of it
NOISE_QUANTILE = 0.4  # of the differences: noise, unless over half of the picture was changed
NOISE_FACTOR = 8.0  # times that quantile: four to seven standard deviations
LEAST = 8.0  # grey levels: chroma subsampling reaches it
MOST = 40.0  # grey levels: no compression reaches it
REACH = 0.5  # of the limit: so far a change is followed from where it is certain
SPECK = 25  # certain pixels of a region: fewer are noise that no threshold catches
SPECK_SHARE = 1e-5  # of the picture, for the same
TONE_GAIN, TONE_BIAS = 0.02, 2.0  # below these, brightness counts as unchanged
SAMPLES = 200_000  # pixels that brightness is fitted on
KEPT = 0.7  # of them in each round of the fit: those that agree best
GAINS = (2.0, 32.0)  # least: faint traces beside a strong one; most: one grey level shows as 32
AMPLIFIED = 200  # of 255: where the strongest thousandth of the differences is drawn


@dataclass(frozen=True, slots=True)
class Region:
    """A connected area that was changed.

    Attributes:
        box: top, left, bottom, right as shares, 0..1, of the second picture's height and width.
        share: of the compared area, 0..1.
    """

    box: tuple[float, float, float, float]
    share: float


@dataclass(frozen=True, slots=True)
class Comparison:
    """What differs, in the second picture's frame, at the size (h, w) that both can give.

    Attributes:
        alignment: how the first lies in the second.
        first, second: (h, w, 3) uint8; the first moved into the frame, black where it ends.
        difference: (h, w, 3) uint8, absolute, 0 outside of the first.
        gain: by what to multiply `difference` to see it.
        valid: (h, w) bool, where there is a first picture to compare with.
        changed: (h, w) bool, differs by more than compression and resampling explain.
        share: of `valid` that is `changed`, 0..1.
        regions: of `changed`, largest first.
        identical: not one value differs, at full size.
        exact: most blocks are untouched, so that every difference counts.
        toned: brightness or colour differ as a whole; that was taken out of `difference`.
    """

    alignment: Alignment
    first: NDArray[np.uint8]
    second: NDArray[np.uint8]
    difference: NDArray[np.uint8]
    gain: float
    valid: NDArray[np.bool_]
    changed: NDArray[np.bool_]
    share: float
    regions: list[Region]
    identical: bool
    exact: bool
    toned: bool


def compare(first: NDArray[np.uint8], second: NDArray[np.uint8]) -> Comparison | None:
    """Compare two upright pictures, (H, W, 3) uint8; None if they share too little to align."""
    alignment = align(first, second)
    if alignment is None:
        return None
    identical = first.shape == second.shape and np.array_equal(first, second)
    moved, frame, valid = _overlay(first, second, alignment)
    exact = alignment.even and _mostly_untouched(moved, frame)
    toned = False
    if exact:
        difference = np.asarray(cv2.absdiff(moved, frame), np.uint8)
        changed = difference.any(axis=2) & valid
    else:
        residual, toned = _residual(moved, frame, valid)
        difference = np.rint(np.minimum(np.abs(residual), 255)).astype(np.uint8)
        changed = _beyond_noise(residual, frame, valid)
    regions = _regions(changed, valid)
    return Comparison(
        alignment,
        moved,
        frame,
        difference,
        _gain(difference),
        valid,
        changed,
        float(changed.sum() / max(1, valid.sum())),
        regions,
        identical,
        exact,
        toned,
    )


def _overlay(
    first: NDArray[np.uint8], second: NDArray[np.uint8], alignment: Alignment
) -> tuple[NDArray[np.uint8], NDArray[np.uint8], NDArray[np.bool_]]:
    """Both in the second's frame, at the coarser of the two resolutions; and where both are."""
    height, width = second.shape[:2]
    scale = alignment.scale
    factor = min(1.0, 1 / scale, (MAX_PIXELS / (height * width)) ** 0.5)
    size = (max(1, round(width * factor)), max(1, round(height * factor)))
    frame = second if size == (width, height) else area_resized(second, size)
    if alignment.even:
        moved = first if first.shape == frame.shape else area_resized(first, size)
        return moved, frame, np.ones(frame.shape[:2], bool)
    matrix = stretch(second.shape, frame.shape) @ alignment.matrix
    if (shrink := scale * factor) < 1:  # averaged first: a warp alone would skip pixels
        sides = [max(1, round(side * shrink)) for side in first.shape[:2]]
        small = area_resized(first, (sides[1], sides[0]))
        matrix = matrix @ np.linalg.inv(stretch(first.shape, small.shape))
        first = small
    moved = np.asarray(cv2.warpPerspective(first, matrix, size, flags=cv2.INTER_CUBIC), np.uint8)
    inside = np.full(first.shape[:2], 255, np.uint8)
    valid = cv2.warpPerspective(inside, matrix, size, flags=cv2.INTER_LINEAR) == 255
    eroded = cv2.erode(valid.view(np.uint8), np.ones((5, 5), np.uint8), borderValue=1)
    return moved, frame, eroded.astype(bool)


def _mostly_untouched(first: NDArray[np.uint8], second: NDArray[np.uint8]) -> bool:
    """Whether most blocks with detail are the same to the last bit, as after a lossless save."""
    rows, columns = (side // BLOCK * BLOCK for side in first.shape[:2])
    if not rows or not columns:
        return bool(np.array_equal(first, second))
    same = np.asarray(np.equal(first, second).all(axis=2))
    blocks = np.asarray(_blocks(same[:rows, :columns]).all(axis=(1, 3)))
    detailed = _blocks(first[:rows, :columns, 1]).std(axis=(1, 3)) > FLAT
    return bool(blocks[detailed if detailed.any() else ...].mean() >= EXACT_BLOCKS)


def _blocks(plane: NDArray[Any]) -> NDArray[Any]:
    height, width = plane.shape
    return plane.reshape(height // BLOCK, BLOCK, width // BLOCK, BLOCK)


def _residual(
    first: NDArray[np.uint8], second: NDArray[np.uint8], valid: NDArray[np.bool_]
) -> tuple[NDArray[np.float32], bool]:
    """Second minus first, (h, w, 3); the first brought to the second's brightness and contrast."""
    places = np.flatnonzero(valid)
    places = places[:: max(1, len(places) // SAMPLES)]
    here, there = (p.reshape(-1, 3)[places].astype(np.float32) for p in (first, second))
    lines = [_line(here[:, channel], there[:, channel]) for channel in range(3)]
    toned = any(abs(gain - 1) > TONE_GAIN or abs(bias) > TONE_BIAS for gain, bias in lines)
    residual = second.astype(np.float32)
    if toned:
        gains, biases = np.array(lines, np.float32).T
        residual -= np.clip(first * gains + biases, 0, 255)
    else:
        residual -= first
    residual[~valid] = 0
    return residual, toned


def _line(here: NDArray[np.float32], there: NDArray[np.float32]) -> tuple[float, float]:
    """Gain and bias from `here` to `there` by least squares on those that agree best."""
    gain, bias = 1.0, float(np.median(there - here)) if len(here) else 0.0
    for _ in range(4):
        miss = np.abs(there - gain * here - bias)
        best = miss <= np.quantile(miss, KEPT) if len(miss) else np.zeros(0, bool)
        x, y = here[best], there[best]
        if len(x) < 2 or float(x.var()) < FLAT:
            return 1.0, bias
        gain = float(np.mean((x - x.mean()) * (y - y.mean())) / x.var())
        bias = float(y.mean() - gain * x.mean())
    return gain, bias


def _beyond_noise(
    residual: NDArray[np.float32], frame: NDArray[np.uint8], valid: NDArray[np.bool_]
) -> NDArray[np.bool_]:
    """Where the smoothed difference exceeds what is usual at this much detail."""
    smooth = np.abs(cv2.GaussianBlur(residual, (0, 0), NOISE_SIGMA)).max(axis=2)
    detail = _detail(frame)
    parts = np.linspace(0, 1, BINS + 1)[1:-1]
    level = np.digitize(detail, np.quantile(detail[valid], parts) if valid.any() else [])
    limits = np.full(BINS, LEAST, np.float32)
    for bin_ in range(BINS):
        usual = smooth[valid & (level == bin_)]
        if len(usual):
            limits[bin_] = NOISE_FACTOR * np.quantile(usual, NOISE_QUANTILE)
    limit = np.clip(limits, LEAST, MOST)[level]
    count, labels = cv2.connectedComponents(((smooth > REACH * limit) & valid).view(np.uint8))
    certain = np.bincount(labels[(smooth > limit) & valid], minlength=count)
    sure = certain >= max(SPECK, SPECK_SHARE * valid.size)
    sure[0] = False
    found: NDArray[np.bool_] = sure[labels]
    return found


def _detail(frame: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Strongest gradient within a block's reach: so far JPEG's ringing spreads."""
    grey = cv2.GaussianBlur(cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY), (0, 0), 1.0)
    x, y = (cv2.Sobel(grey, cv2.CV_32F, dx, 1 - dx) for dx in (1, 0))
    reach = np.ones((BLOCK + 1, BLOCK + 1))
    return np.asarray(cv2.dilate(cv2.magnitude(x, y), reach), np.float32)


def _regions(changed: NDArray[np.bool_], valid: NDArray[np.bool_]) -> list[Region]:
    """Group what was changed, gaps of a block's width closed."""
    height, width = changed.shape
    near = cv2.dilate(changed.view(np.uint8), np.ones((2 * BLOCK + 1, 2 * BLOCK + 1), np.uint8))
    count, labels = cv2.connectedComponents(near)
    total = max(1, int(valid.sum()))
    labels[~changed] = 0
    areas = np.bincount(labels.ravel(), minlength=count)
    regions = []
    for label in range(1, count):
        rows, columns = (np.flatnonzero((labels == label).any(axis=axis)) for axis in (1, 0))
        top, bottom = rows[0] / height, (rows[-1] + 1) / height
        left, right = columns[0] / width, (columns[-1] + 1) / width
        box = (float(top), float(left), float(bottom), float(right))
        regions.append(Region(box, float(areas[label] / total)))
    return sorted(regions, key=lambda region: -region.share)


def _gain(difference: NDArray[np.uint8]) -> float:
    strongest = float(np.quantile(difference.max(axis=2)[::2, ::2], 0.999))
    return float(np.clip(AMPLIFIED / max(strongest, 1.0), *GAINS))
