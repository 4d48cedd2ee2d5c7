"""Regions of a picture that are a copy of another region of it.

Matches between keypoints vote for affine maps of the picture onto itself; where the picture and
its mapped self correlate, there is a pair of regions. `sides` tells which of the two is the copy.

After Amerini et al., IEEE TIFS 2011 (keypoints), and Pan and Lyu, "Region duplication detection
using image feature matching", IEEE TIFS 5(4), 2010 (correlation maps).
"""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from detector.editscope import sides
from detector.editscope.keypoints import Matches, match_within

SIDE = 1024  # pixels: longest side at which copies are looked for
FEWEST = 4  # matches of one map: three always agree
MOST_MAPS = 4  # pairs of regions looked at, the best supported ones
MOST_VOTES = 1000  # matches that propose a map
NEARBY = 4.0  # pixels by which a match may miss the map another one proposes ...
DRIFT = 0.06  # ... and per pixel of distance between the two
TURN, STRETCH = 0.35, 0.35  # radians and log scale by which their keypoints may differ
EXACT = 3.0  # pixels by which a match may miss the fitted map
FLATTEST = 6.0  # pixels: standard deviation across the thin side that an affine fit needs
WINDOW = 11  # pixels: side of the correlation window
CORRELATED = 0.75  # local correlation inside a pair of regions
QUIET = 4.0  # grey levels squared: variance below which correlation means nothing
FINE = 1.0  # pixels: of the blur that fine structure is what is left of
FINE_WINDOW = 11  # pixels: side of the window whose mean strength it is divided by
FAINT = 0.25  # grey levels: fine structure below it is rounding
FINE_LIMIT = 3.0  # times that mean: else few edges would outweigh everything between
CLOSING = 9  # pixels: holes closed, then threads cut
GROWN = 3  # pixels: correlation stops half a window before the region does
SMALLEST = 150  # pixels of a region
MOST_GROWTH = 10.0  # of a region's area: more is no plausible copy
SAME_AREA = 0.5  # of the smaller pair: two that share so much are one


class Copy(NamedTuple):
    """A pair of like regions; masks are (h, w) bool, the picture's shape within `SIDE`.

    Attributes:
        source: the region that was copied, as far as the two below tell.
        target: the copy.
        matches: keypoints that agree on the map between them.
        correlation: mean local correlation of the two, 0.75 .. 1.
        fine: correlation of their fine structure, -1 .. 1: what is alike by nature has its own
            noise and its own texture, a copy has its source's.
        seam, resampling: how much the border and the interpolation speak for that; where they
            are about 0, the two may as well be the other way round.
    """

    source: NDArray[np.bool_]
    target: NDArray[np.bool_]
    matches: int
    correlation: float
    fine: float
    seam: float
    resampling: float


def find_copies(image: NDArray[np.uint8]) -> list[Copy]:
    """Pairs of like regions in (H, W, 3) uint8 RGB, best supported first."""
    gray = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
    scale = SIDE / max(gray.shape)
    if scale < 1:
        size = (max(1, round(gray.shape[1] * scale)), max(1, round(gray.shape[0] * scale)))
        gray = cv2.resize(gray, size, interpolation=cv2.INTER_AREA)
    matches = match_within(np.asarray(gray, np.uint8))
    if len(matches) < FEWEST:
        return []
    luma = gray.astype(np.float32)
    fine = _fine(luma)
    found: list[Copy] = []
    for affine, target, support in _maps(matches.both_ways()):
        pair = _compare(luma, fine, affine, target, support)
        if pair and not any(_same(pair, other) for other in found):
            found.append(pair)
    return found


def _maps(
    matches: Matches,
) -> list[tuple[NDArray[np.float64], NDArray[np.float64], int]]:
    """Affine maps (2, 3), where their matches arrive (M, 2), and how many there are."""
    left = np.arange(len(matches))
    maps = []
    for _ in range(2 * MOST_MAPS):  # each pair of regions is there in both directions
        if len(left) < FEWEST:
            break
        here = Matches(*(part[left] for part in matches))
        agreeing = _agreeing(here)
        fitted = _fit(Matches(*(part[agreeing] for part in here)))
        if fitted is not None:
            affine, kept = fitted
            maps.append((affine, here.second[agreeing][kept], int(kept.sum())))
        left = left[~agreeing]
    return maps


def _agreeing(matches: Matches) -> NDArray[np.bool_]:
    """Those that follow the similarity which one of them proposes, (M,) of the most."""
    proposing = slice(None, None, len(matches) // MOST_VOTES + 1)
    a = matches.scale * np.cos(matches.turn)
    b = matches.scale * np.sin(matches.turn)
    x, y = (axis.astype(np.float32) for axis in matches.first.T)
    u, v = (axis.astype(np.float32) for axis in matches.second.T)
    a, b = a[proposing, None].astype(np.float32), b[proposing, None].astype(np.float32)
    dx, dy = x - x[proposing, None], y - y[proposing, None]
    miss_x = a * dx - b * dy - (u - u[proposing, None])
    miss_y = b * dx + a * dy - (v - v[proposing, None])
    allowed = NEARBY + DRIFT * np.hypot(dx, dy)
    inside = miss_x**2 + miss_y**2 < allowed**2
    inside &= _turned(matches.turn - matches.turn[proposing, None]) < TURN
    inside &= np.abs(np.log(matches.scale / matches.scale[proposing, None])) < STRETCH
    return np.asarray(inside[inside.sum(1).argmax()])


def _turned(angle: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.abs((angle + np.pi) % (2 * np.pi) - np.pi)


def _fit(matches: Matches) -> tuple[NDArray[np.float64], NDArray[np.bool_]] | None:
    """The map of most of them, (2, 3), and which (M,) follow it; None if too few do."""
    kept = np.ones(len(matches), bool)
    for _ in range(3):
        if kept.sum() < FEWEST:
            return None
        affine = _least_squares(matches.first[kept], matches.second[kept])
        missed = matches.first @ affine[:, :2].T + affine[:, 2] - matches.second
        kept = np.hypot(*missed.T) < EXACT
    return (affine, kept) if kept.sum() >= FEWEST else None


def _least_squares(first: NDArray[np.float64], second: NDArray[np.float64]) -> NDArray[np.float64]:
    """Affine where the points spread enough in both directions, else a similarity, (2, 3)."""
    centre = first.mean(0)
    thin = np.linalg.svd(first - centre, compute_uv=False)[-1] / np.sqrt(len(first))
    ones, nothing = np.ones(len(first)), np.zeros(len(first))
    if thin > FLATTEST:
        solution = np.linalg.lstsq(np.column_stack([first, ones]), second, rcond=None)[0]
        return np.asarray(solution.T)
    x, y = first.T
    rows = np.concatenate(
        [np.column_stack([x, -y, ones, nothing]), np.column_stack([y, x, nothing, ones])]
    )
    a, b, tx, ty = np.linalg.lstsq(rows, second.T.ravel(), rcond=None)[0]
    return np.array([[a, -b, tx], [b, a, ty]])


def _compare(
    luma: NDArray[np.float32],
    fine: NDArray[np.float32],
    affine: NDArray[np.float64],
    arrivals: NDArray[np.float64],
    support: int,
) -> Copy | None:
    """The regions that the map takes onto each other; None if it takes next to nothing."""
    if not 1 / MOST_GROWTH < abs(np.linalg.det(affine[:, :2])) < MOST_GROWTH:
        return None
    size = luma.shape[1::-1]
    moved = cv2.warpAffine(luma, affine, size, borderValue=-1000.0)
    correlation = _correlation(luma, np.asarray(moved, np.float32))
    region = (correlation > CORRELATED).astype(np.uint8)
    square = np.ones((CLOSING, CLOSING), np.uint8)
    region = np.asarray(cv2.morphologyEx(region, cv2.MORPH_CLOSE, square), np.uint8)
    region = np.asarray(cv2.morphologyEx(region, cv2.MORPH_OPEN, square), np.uint8)
    islands = cv2.connectedComponents(region)[1]
    x, y = np.clip(arrivals.round().astype(int), 0, np.array(size) - 1).T
    hit, hits = np.unique(islands[y, x], return_counts=True)
    target = np.isin(islands, hit[(hit > 0) & (hits > 1)])
    if target.sum() < SMALLEST:
        return None
    similarity = float(correlation[target].mean())
    grown = np.ones((2 * GROWN + 1, 2 * GROWN + 1), np.uint8)
    whole = np.asarray(cv2.dilate(target.astype(np.uint8), grown), np.uint8)
    back = np.asarray(cv2.invertAffineTransform(affine), np.float64)
    source = np.asarray(cv2.warpAffine(whole, back, size)) > 0
    there = whole > 0
    if not source.any():
        return None
    likeness = max(_likeness(fine, affine, there), _likeness(fine, back, source))
    seam = sides.seam(luma, np.asarray(moved, np.float32), there)
    resampling = sides.resampling(luma, affine, source, there)
    if seam + resampling < 0:
        return Copy(there, source, support, similarity, likeness, -seam, -resampling)
    return Copy(source, there, support, similarity, likeness, seam, resampling)


def _fine(luma: NDArray[np.float32]) -> NDArray[np.float32]:
    """What a slight blur takes away, in units of its mean strength around; (H, W) float32."""
    left = luma - cv2.GaussianBlur(luma, (0, 0), FINE)
    power = cv2.boxFilter(left * left, -1, (FINE_WINDOW, FINE_WINDOW))
    scaled = left / (np.sqrt(np.maximum(power, 0)) + FAINT)
    return np.asarray(np.clip(scaled, -FINE_LIMIT, FINE_LIMIT), np.float32)


def _likeness(
    fine: NDArray[np.float32], affine: NDArray[np.float64], region: NDArray[np.bool_]
) -> float:
    """Correlation in the region of fine structure with what the map takes there, -1..1."""
    box = sides.around(region, 0)
    shifted = affine.copy()
    shifted[:, 2] -= box[1].start, box[0].start
    here, inside = fine[box], sides.inside(region[box])
    moved = np.asarray(cv2.warpAffine(fine, shifted, here.shape[::-1]), np.float32)
    a, b = here[inside], moved[inside]
    power = float((a @ a) * (b @ b))
    return float(a @ b) / power**0.5 if power > 0 else 0.0


def _correlation(a: NDArray[np.float32], b: NDArray[np.float32]) -> NDArray[np.float32]:
    """Zero-mean normalised cross-correlation in a window round each pixel, -1..1."""

    def mean(x: NDArray[np.float32]) -> NDArray[np.float32]:
        return np.asarray(cv2.boxFilter(x, -1, (WINDOW, WINDOW)), np.float32)

    mean_a, mean_b = mean(a), mean(b)
    both = mean(a * b) - mean_a * mean_b
    spread = np.maximum(mean(a * a) - mean_a**2, QUIET)
    spread *= np.maximum(mean(b * b) - mean_b**2, QUIET)
    return np.asarray(np.where(b > -1, both / np.sqrt(spread), 0), np.float32)


def _same(one: Copy, other: Copy) -> bool:
    """Whether two pairs mark the same area: a map and its inverse do."""
    a, b = one.source | one.target, other.source | other.target
    return bool((a & b).sum() > SAME_AREA * min(a.sum(), b.sum()))
