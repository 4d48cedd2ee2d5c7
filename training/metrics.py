"""Scores for labels and masks that scikit-learn does not have in the field's form.

Masks are bool arrays of equal shape, true = manipulated. Pixel F1 of an empty prediction for an
empty truth is 1 (there was nothing to find and nothing was claimed).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage
from scipy.stats import rankdata

THRESHOLDS = np.linspace(0.02, 0.98, 49)  # candidates for the best threshold
CORE, SURROUNDINGS = 15, 11  # pixels: TruFor's filters that leave a region's edge unjudged


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


class Sweep(NamedTuple):
    """Pixels above each of `THRESHOLDS`: all, and those of the true region of `size` pixels."""

    claimed: NDArray[np.int64]
    hit: NDArray[np.int64]
    size: int

    @property
    def f1(self) -> NDArray[np.float64]:
        denominator = self.claimed + self.size
        return np.where(denominator == 0, 1.0, 2 * self.hit / np.maximum(denominator, 1))

    @property
    def precision(self) -> NDArray[np.float64]:
        """1 where nothing is claimed, as in scikit-learn's curves."""
        return np.where(self.claimed == 0, 1.0, self.hit / np.maximum(self.claimed, 1))

    @property
    def recall(self) -> NDArray[np.float64]:
        return self.hit / max(self.size, 1)


class Reliability(NamedTuple):
    """Bins of equal width over the winning probability: pictures, and sums over them."""

    pictures: NDArray[np.int64]
    confidence: NDArray[np.float64]
    right: NDArray[np.float64]

    @property
    def error(self) -> float:
        """ECE (arXiv 1706.04599)."""
        return float(np.abs(self.confidence - self.right).sum() / self.pictures.sum())


def overlap(predicted: NDArray[np.bool_], truth: NDArray[np.bool_]) -> Overlap:
    hit = int(np.count_nonzero(predicted & truth))
    return Overlap(hit, int(np.count_nonzero(predicted)) - hit, int(np.count_nonzero(truth)) - hit)


def lenient_f1(predicted: NDArray[np.bool_], truth: NDArray[np.bool_]) -> float:
    """F1 as TruFor's published code counts it (grip-unina/TruFor, test_docker/metrics.py).

    Pixels near the region's edge are left out, and the mask or its inverse counts, whichever is
    better. Higher than `Overlap.f1`; only for comparison with figures counted like that.
    """
    core = ndimage.minimum_filter(truth, CORE)
    judged = core | ~ndimage.maximum_filter(truth, SURROUNDINGS)
    hit = int(np.count_nonzero(predicted & core))
    claimed = int(np.count_nonzero(predicted & judged))
    region, total = int(np.count_nonzero(core)), int(np.count_nonzero(judged))
    answers = ((hit, claimed), (region - hit, total - claimed))
    return max(2 * found / max(size + region, 1) for found, size in answers)


def sweep(manipulation: NDArray[np.floating], truth: NDArray[np.bool_]) -> Sweep:
    """What `manipulation > t` claims and hits, for each t of `THRESHOLDS`."""
    bins = np.digitize(manipulation.ravel(), THRESHOLDS, right=True)  # number of thresholds below
    flat = truth.ravel()
    size = THRESHOLDS.size + 1
    hit, claimed = (
        np.bincount(values, minlength=size)[::-1].cumsum()[::-1][1:]
        for values in (bins[flat], bins)
    )
    return Sweep(claimed, hit, int(np.count_nonzero(flat)))


def upsampled(manipulation: NDArray[np.float32], size: tuple[int, int]) -> NDArray[np.float32]:
    """A map of any resolution at a picture's (height, width), bilinearly."""
    image = Image.fromarray(manipulation)
    return np.asarray(image.resize(size[::-1], Image.Resampling.BILINEAR))


def reliability(
    probabilities: NDArray[np.floating], labels: NDArray[np.integer], bins: int = 15
) -> Reliability:
    """How often the winning class is right, by its probability: (N, K) and (N,)."""
    confidence = probabilities.max(1)
    right = (probabilities.argmax(1) == labels).astype(np.float64)
    index = np.minimum((confidence * bins).astype(int), bins - 1)
    return Reliability(
        np.bincount(index, minlength=bins),
        np.bincount(index, weights=confidence, minlength=bins).astype(np.float64),
        np.bincount(index, weights=right, minlength=bins).astype(np.float64),
    )


def expected_calibration_error(
    probabilities: NDArray[np.floating], labels: NDArray[np.integer], bins: int = 15
) -> float:
    """ECE of the winning class: (N, K) probabilities, (N,) labels."""
    return reliability(probabilities, labels, bins).error


def class_log_loss(
    logprobs: NDArray[np.floating], labels: NDArray[np.integer]
) -> NDArray[np.float64]:
    """Mean of -log p(true class) over the pictures of each class, (K,); nan for absent ones."""
    classes = np.arange(logprobs.shape[1])
    picked = -logprobs[np.arange(len(labels)), labels]
    counts = np.bincount(labels, minlength=classes.size)
    sums = np.bincount(labels, weights=picked, minlength=classes.size)
    return np.where(counts == 0, np.nan, sums / np.maximum(counts, 1))


def area_under_roc(positive: NDArray[np.bool_], score: NDArray[np.floating]) -> float:
    """ROC AUC by the ranks of the scores (Mann-Whitney); both classes must be there.

    scikit-learn's, with a fraction of its overhead: bootstrap intervals call it by the thousand.
    """
    hits = int(np.count_nonzero(positive))
    ranks = rankdata(score)[positive].sum() - hits * (hits + 1) / 2
    return float(ranks / (hits * (positive.size - hits)))


def iou_by_convention(overlaps: list[Overlap]) -> tuple[float, float]:
    """Mean IoU where an empty mask for an empty truth counts 1, and where it is left out.

    In both, a mask for an empty truth counts 0. The second is nan if nothing is left.
    """
    values = np.array([item.iou for item in overlaps])
    empty = np.array([sum(item) == 0 for item in overlaps], dtype=bool)
    kept = values[~empty]
    return float(values.mean()), float(kept.mean()) if kept.size else float("nan")
