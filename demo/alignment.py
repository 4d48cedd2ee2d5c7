"""How one picture lies in another: scaled, cropped, turned, mirrored or seen from elsewhere.

SIFT (Lowe 2004) proposes, MAGSAC++ (Barath et al. 2020) decides between the proposals, ECC
(Evangelidis and Psarakis 2008) refines to a fraction of a pixel.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

SIDE = 1000  # pixels of the longer side on which features are sought: half a second for the pair
SCORE_SIDE = 500  # on which an alignment is judged
FEATURES = 3000  # strongest ones of each picture
RATIO = 0.75  # of best to second best match: Lowe's own figure is 0.8, unrelated pictures want less
REPROJECTION = 2.0  # pixels at `SIDE` by which a match may miss
INLIERS = 12  # matches that agree; by chance some 6 do in unrelated pictures
SIMPLER = 0.9  # a simpler model is taken if it explains this share of the matches
DETAIL_SIGMA = 8.0  # pixels at `SCORE_SIDE`: lighting and composition below it do not count
RELATED = 0.3  # correlation of detail; unrelated pictures stay below 0.1, half repainted ones above
EVEN_GAIN = 0.01  # correlation that a freer alignment must gain over mere scaling
ASPECT = 0.02  # relative difference of the sides' ratios that mere scaling may leave by rounding
STEPS = 40  # of ECC; it converges in ten to thirty
FLAT = 1.0  # standard deviation, grey levels: below it there is no detail to correlate
LEAST_SHARED = 0.01  # of the first picture's area; a smaller part is a coincidence


@dataclass(frozen=True, slots=True)
class Alignment:
    """Where the first picture's pixels are found in the second.

    Attributes:
        matrix: (3, 3) float64, takes homogeneous (x, y, 1) of the first picture to the second,
            both in pixels, the upper left pixel's centre at (0, 0).
        first, second: sizes (height, width) in pixels.
        even: whether the whole picture was merely scaled, or not even that.
    """

    matrix: NDArray[np.float64]
    first: tuple[int, int]
    second: tuple[int, int]
    even: bool

    @property
    def scale(self) -> float:
        """Geometric mean of the enlargement at the first picture's centre."""
        return math.sqrt(abs(float(np.linalg.det(self.linear))))

    @property
    def linear(self) -> NDArray[np.float64]:
        """(2, 2): the mapping's derivative at the middle of the part that both share."""
        height, width = self.second
        x, y, w = np.linalg.inv(self.matrix) @ ((width - 1) / 2, (height - 1) / 2, 1.0)
        x, y = x / w, y / w
        above, below = self.matrix[:2] @ (x, y, 1.0), self.matrix[2] @ (x, y, 1.0)
        derivative: NDArray[np.float64] = (
            self.matrix[:2, :2] - np.outer(above / below, self.matrix[2, :2])
        ) / below
        return derivative

    @property
    def kept(self) -> float:
        """Share of the first picture's area that the second shows, 0..1."""
        back = np.asarray(np.linalg.inv(self.matrix), np.float64)
        return _overlap(back, self.second, self.first)

    @property
    def covered(self) -> float:
        """Share of the second picture's area that comes from the first, 0..1."""
        return _overlap(self.matrix, self.first, self.second)


def align(first: NDArray[np.uint8], second: NDArray[np.uint8]) -> Alignment | None:
    """Find `first` in `second`, both (H, W, 3) uint8 upright; None if they share too little."""
    sizes = first.shape[:2], second.shape[:2]
    stretched = stretch(*sizes)
    small = _grey(first, SIDE), _grey(second, SIDE)
    scores = _Scorer(first, second)
    best, best_score = None, RELATED
    if _same_aspect(*sizes):
        score = scores.of(stretched)
        if score >= RELATED:
            best, best_score = Alignment(stretched, *sizes, even=True), score + EVEN_GAIN
    if best is not None and best_score > 0.99:
        return best
    found = _find(*small)
    if found is not None:
        found = stretch(small[1].shape, sizes[1]) @ found @ stretch(sizes[0], small[0].shape)
        free = Alignment(found / found[2, 2], *sizes, even=False)
        if scores.of(free.matrix) > best_score and free.kept > LEAST_SHARED:
            best = free
    return best


def stretch(size: tuple[int, ...], to: tuple[int, ...]) -> NDArray[np.float64]:
    """Scaling of the whole, from (height, width) to (height, width), between pixel centres."""
    y, x = to[0] / size[0], to[1] / size[1]
    return np.array([[x, 0.0, (x - 1) / 2], [0.0, y, (y - 1) / 2], [0.0, 0.0, 1.0]])


def area_resized(picture: NDArray[np.uint8], size: tuple[int, int]) -> NDArray[np.uint8]:
    """A uint8 picture at `size` (width, height), each pixel the mean of those it stands for."""
    return np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), np.uint8)


def _find(first: NDArray[np.uint8], second: NDArray[np.uint8]) -> NDArray[np.float64] | None:
    """A refined homography from matching features, also of the mirrored first picture."""
    sift = cv2.SIFT.create(nfeatures=FEATURES)
    there = sift.detectAndCompute(second, None)
    flip = np.array([[-1.0, 0.0, first.shape[1] - 1.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]])
    for turn in (np.eye(3), flip):
        seen = first if turn[0, 0] > 0 else np.ascontiguousarray(first[:, ::-1])
        matrix = _fit(*_matches(sift.detectAndCompute(seen, None), there))
        if matrix is not None:
            return _refined(matrix, seen, second) @ turn
    return None


def _matches(here: tuple, there: tuple) -> tuple[NDArray[np.float32], NDArray[np.float32]]:  # type: ignore[type-arg]
    """Coordinates, (n, 2) each, of features that resemble one another and nothing else."""
    (points, described), (others, other_described) = here, there
    nothing = np.empty((0, 2), np.float32)
    if described is None or other_described is None or len(others) < 2:
        return nothing, nothing
    pairs = cv2.BFMatcher(cv2.NORM_L2).knnMatch(described, other_described, k=2)
    good = [best for best, second in pairs if best.distance < RATIO * second.distance]
    if not good:
        return nothing, nothing
    return (
        np.array([points[match.queryIdx].pt for match in good], np.float32),
        np.array([others[match.trainIdx].pt for match in good], np.float32),
    )


def _fit(points: NDArray[np.float32], others: NDArray[np.float32]) -> NDArray[np.float64] | None:
    """The simplest of similarity, affine map and homography that explains the matches."""
    if len(points) < INLIERS:
        return None
    cv2.setRNGSeed(0)  # the same answer for the same pictures
    matrix, inliers = cv2.findHomography(points, others, cv2.USAC_MAGSAC, REPROJECTION)
    count = 0 if matrix is None else int(inliers.sum())
    for estimate in (cv2.estimateAffinePartial2D, cv2.estimateAffine2D):
        affine, chosen = estimate(points, others, None, cv2.RANSAC, REPROJECTION)
        if affine is not None and int(chosen.sum()) >= max(INLIERS, SIMPLER * count):
            return np.vstack([affine, (0.0, 0.0, 1.0)])
    if matrix is None or count < INLIERS or abs(np.linalg.det(matrix)) < 1e-6:
        return None
    return np.asarray(matrix, np.float64)


def _refined(
    matrix: NDArray[np.float64], first: NDArray[np.uint8], second: NDArray[np.uint8]
) -> NDArray[np.float64]:
    """Let ECC move `matrix`; as it was, where that fails to converge."""
    flat = np.allclose(matrix[2], (0.0, 0.0, 1.0))
    back = np.linalg.inv(matrix).astype(np.float32)
    stop = (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_COUNT, STEPS, 1e-5)
    everywhere = np.full(first.shape, 255, np.uint8)
    motion = cv2.MOTION_AFFINE if flat else cv2.MOTION_HOMOGRAPHY
    try:
        start = np.ascontiguousarray(back[:2] if flat else back)
        _, moved = cv2.findTransformECC(second, first, start, motion, stop, everywhere, 5)
        if flat:
            moved = np.vstack([moved, (0.0, 0.0, 1.0)])
        refined: NDArray[np.float64] = np.linalg.inv(np.asarray(moved, np.float64))
    except (cv2.error, np.linalg.LinAlgError):
        return matrix
    return refined


class _Scorer:
    """Judges alignments by the correlation of detail where the two overlap."""

    def __init__(self, first: NDArray[np.uint8], second: NDArray[np.uint8]) -> None:
        self._sizes = first.shape[:2], second.shape[:2]
        self._first = _grey(first, SIDE)
        self._second = _grey(second, SCORE_SIDE)

    def of(self, matrix: NDArray[np.float64]) -> float:
        """-1..1; 0 where there is too little overlap; 1 where both are flat and alike."""
        shape = self._second.shape
        small = stretch(self._sizes[1], shape) @ matrix @ stretch(self._first.shape, self._sizes[0])
        first = self._first
        shrink = math.sqrt(abs(float(np.linalg.det(small[:2, :2] / small[2, 2]))))
        if 0.01 < shrink < 0.7:  # else every other pixel would be left out
            size = [max(1, round(side * shrink)) for side in first.shape]
            small = small @ stretch((size[0], size[1]), first.shape)
            first = area_resized(first, (size[1], size[0]))
        moved = np.asarray(cv2.warpPerspective(first, small, shape[::-1]), np.uint8)
        inside = cv2.warpPerspective(np.ones_like(first), small, shape[::-1]) > 0
        if inside.mean() < LEAST_SHARED:
            return 0.0
        a, b = (_detail(picture, inside)[inside] for picture in (moved, self._second))
        spread = float(a.std()), float(b.std())
        if max(spread) < FLAT:
            levels = moved[inside].mean(), self._second[inside].mean()
            return 1.0 if abs(levels[0] - levels[1]) < 16 else 0.0
        if min(spread) < FLAT / 4:
            return 0.0
        return float(((a - a.mean()) * (b - b.mean())).mean() / (spread[0] * spread[1]))


def _detail(picture: NDArray[np.uint8], inside: NDArray[np.bool_]) -> NDArray[np.float32]:
    levels, weight = picture.astype(np.float32) * inside, inside.astype(np.float32)
    blurred = _blurred(levels, DETAIL_SIGMA)
    blurred /= np.maximum(_blurred(weight, DETAIL_SIGMA), 1e-3)
    # one pixel of slack: rounding of sizes and resampling must not count
    return _blurred(levels - blurred * inside, 1.0)


def _blurred(levels: NDArray[np.float32], sigma: float) -> NDArray[np.float32]:
    return np.asarray(cv2.GaussianBlur(levels, (0, 0), sigma), np.float32)


def _grey(picture: NDArray[np.uint8], side: int) -> NDArray[np.uint8]:
    height, width = picture.shape[:2]
    scale = min(1.0, side / max(height, width))
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    return np.asarray(cv2.cvtColor(area_resized(picture, size), cv2.COLOR_RGB2GRAY), np.uint8)


def _same_aspect(first: tuple[int, ...], second: tuple[int, ...]) -> bool:
    x, y = second[1] / first[1], second[0] / first[0]
    return abs(x / y - 1) <= ASPECT


def _overlap(matrix: NDArray[np.float64], size: tuple[int, int], frame: tuple[int, int]) -> float:
    """Share of `frame`'s area under a picture of `size` that is mapped into it."""
    height, width = size
    corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float64) - 0.5
    mapped = np.c_[corners, np.ones(4)] @ matrix.T
    if (mapped[:, 2] <= 0).any():  # the horizon runs through it
        return 0.0
    there = (mapped[:, :2] / mapped[:, 2:] + 0.5).astype(np.float32)
    box = np.array([[0, 0], [frame[1], 0], [frame[1], frame[0]], [0, frame[0]]], np.float32)
    if not cv2.isContourConvex(there):
        return 0.0
    area, _ = cv2.intersectConvexConvex(there, box)
    return min(1.0, float(area) / (frame[0] * frame[1]))
