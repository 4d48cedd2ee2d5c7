"""Scores for labels and masks that scikit-learn does not have in the field's form.

Masks are bool arrays of equal shape, true = manipulated. Pixel F1 of an empty prediction for an
empty truth is 1 (there was nothing to find and nothing was claimed).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image

THRESHOLDS = np.linspace(0.02, 0.98, 49)  # candidates for the best threshold


class Overlap(NamedTuple):
    """Counts of pixels: true and false positives, false negatives."""

    hit: int
    false_alarm: int
    missed: int

    @property
    def f1(self) -> float:
        wrong = self.false_alarm + self.missed
        return 1.0 if self.hit + wrong == 0 else 2 * self.hit / (2 * self.hit + wrong)

    @property
    def iou(self) -> float:
        union = self.hit + self.false_alarm + self.missed
        return 1.0 if union == 0 else self.hit / union


def overlap(predicted: NDArray[np.bool_], truth: NDArray[np.bool_]) -> Overlap:
    hit = int(np.count_nonzero(predicted & truth))
    return Overlap(hit, int(np.count_nonzero(predicted)) - hit, int(np.count_nonzero(truth)) - hit)


def f1_by_threshold(
    manipulation: NDArray[np.floating], truth: NDArray[np.bool_]
) -> NDArray[np.float64]:
    """Pixel F1 of `manipulation > t` for each t of `THRESHOLDS`, shape (49,)."""
    bins = np.digitize(manipulation.ravel(), THRESHOLDS, right=True)  # number of thresholds below
    flat = truth.ravel()
    size = THRESHOLDS.size + 1
    found = np.bincount(bins[flat], minlength=size)[::-1].cumsum()[::-1][1:]
    claimed = np.bincount(bins, minlength=size)[::-1].cumsum()[::-1][1:]
    denominator = claimed + np.count_nonzero(flat)
    return np.where(denominator == 0, 1.0, 2 * found / np.maximum(denominator, 1))


def f1_of_map(manipulation: NDArray[np.float32], truth: NDArray[np.bool_]) -> NDArray[np.float64]:
    """`f1_by_threshold` of a map of any resolution, upsampled bilinearly to the truth's."""
    return f1_by_threshold(upsampled(manipulation, (truth.shape[0], truth.shape[1])), truth)


def upsampled(manipulation: NDArray[np.float32], size: tuple[int, int]) -> NDArray[np.float32]:
    image = Image.fromarray(manipulation)
    return np.asarray(image.resize(size[::-1], Image.Resampling.BILINEAR))


def expected_calibration_error(
    probabilities: NDArray[np.floating], labels: NDArray[np.integer], bins: int = 15
) -> float:
    """ECE of the winning class (arXiv 1706.04599): (N, K) probabilities, (N,) labels."""
    confidence = probabilities.max(1)
    right = probabilities.argmax(1) == labels
    index = np.minimum((confidence * bins).astype(int), bins - 1)
    count = np.bincount(index, minlength=bins)
    gap = np.abs(
        np.bincount(index, weights=confidence, minlength=bins)
        - np.bincount(index, weights=right, minlength=bins)
    )
    return float(gap[count > 0].sum() / len(labels))
