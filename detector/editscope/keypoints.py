"""Places of a picture that look alike: SIFT keypoints matched with others of the same picture.

Amerini et al., "A SIFT-based forensic method for copy-move attack detection and transformation
recovery", IEEE TIFS 6(3), 2011.
"""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

MOST_KEYPOINTS = 4000  # the strongest; matching costs their square
CONTRAST = 0.008  # a fifth of SIFT's usual: copies hide in smooth places too
EDGE = 16  # SIFT's principal curvature ratio; usual is 10
NEAR = 20.0  # pixels: closer keypoints see the same things
ALIKE = 0.9  # cosine of two RootSIFT descriptors below which they never match
RATIO = 0.75  # Lowe's: distance to the best match over that to the next one elsewhere
CHUNK = 1024  # keypoints compared with all others at a time: 16 MB of cosines
BAND = 128  # keypoints whose neighbours are looked for among those at about their height


class Matches(NamedTuple):
    """M pairs of keypoints that look alike, each pair once.

    Attributes:
        first, second: (M, 2) float64, x and y in pixels.
        scale: (M,) float64, size of the second over that of the first.
        turn: (M,) float64, radians, orientation of the second less that of the first.
    """

    first: NDArray[np.float64]
    second: NDArray[np.float64]
    scale: NDArray[np.float64]
    turn: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.scale)

    def both_ways(self) -> Matches:
        """Each pair in both directions, (2M)."""
        return Matches(
            np.concatenate([self.first, self.second]),
            np.concatenate([self.second, self.first]),
            np.concatenate([self.scale, 1 / self.scale]),
            np.concatenate([self.turn, -self.turn]),
        )


def match_within(gray: NDArray[np.uint8]) -> Matches:
    """Pairs of look-alike places in (H, W) uint8 luminance, at least `NEAR` apart."""
    sift = cv2.SIFT.create(nfeatures=MOST_KEYPOINTS, contrastThreshold=CONTRAST, edgeThreshold=EDGE)
    keypoints, found = sift.detectAndCompute(gray, np.ones_like(gray))
    count = min(len(keypoints), MOST_KEYPOINTS)  # SIFT keeps all that tie with the last
    points = np.array([k.pt for k in keypoints[:count]], np.float32).reshape(-1, 2)
    if count < 2 or found is None:
        nothing = np.zeros(0)
        return Matches(np.zeros((0, 2)), np.zeros((0, 2)), nothing, nothing)
    pairs = _pairs(points, _root(np.asarray(found[:count], np.float32)))
    first, second = pairs[:, 0], pairs[:, 1]
    sizes = np.array([k.size for k in keypoints[:count]])
    angles = np.deg2rad([k.angle for k in keypoints[:count]])
    return Matches(
        points[first].astype(np.float64),
        points[second].astype(np.float64),
        sizes[second] / sizes[first],
        angles[second] - angles[first],
    )


def _root(descriptors: NDArray[np.float32]) -> NDArray[np.float32]:
    """RootSIFT (Arandjelović and Zisserman, CVPR 2012): rows of unit length."""
    sums = np.maximum(descriptors.sum(1, keepdims=True), 1e-6)
    return np.asarray(np.sqrt(descriptors / sums), np.float32)


def _pairs(points: NDArray[np.float32], unit: NDArray[np.float32]) -> NDArray[np.int64]:
    """Numbers of matching keypoints, (M, 2), the lower one first."""
    down = np.argsort(points[:, 1], kind="stable")  # what is near is then in one run of them
    points, unit = points[down], unit[down]
    found = []
    for start in range(0, len(points), CHUNK):
        rows = slice(start, start + CHUNK)
        cosines = unit[rows] @ unit.T
        _blank(cosines, points[rows], points)
        best = cosines.argmax(1)
        peak = cosines[np.arange(len(best)), best]
        likely = np.flatnonzero(peak > ALIKE)
        others = cosines[likely]
        _blank(others, points[best[likely]], points)
        apart = 1 - peak[likely] < RATIO**2 * (1 - others.max(1))  # squared distance / 2
        found.append(np.stack([start + likely[apart], best[likely[apart]]], 1))
    pairs = np.sort(down[np.concatenate(found)], axis=1)
    return np.unique(pairs, axis=0)


def _blank(
    cosines: NDArray[np.float32], some: NDArray[np.float32], points: NDArray[np.float32]
) -> None:
    """Set cosines, (S, N), to -1 in place where points, (N, 2) by y, are near to some, (S, 2)."""
    order = np.argsort(some[:, 1])
    for first in range(0, len(order), BAND):
        rows = order[first : first + BAND]
        reach = some[rows[0], 1] - NEAR, some[rows[-1], 1] + NEAR
        low, high = np.searchsorted(points[:, 1], reach)
        near = points[low:high]
        dx = some[rows, :1] - near[:, 0]
        dy = some[rows, 1:] - near[:, 1]
        row, column = np.nonzero(dx * dx + dy * dy < NEAR * NEAR)
        cosines[rows[row], low + column] = -1
