"""Figures over many outcomes, with bootstrap intervals, for all pictures and by group."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import confusion_matrix

from detector.contract import Labels
from training.bootstrap import Interval, intervals
from training.metrics import (
    THRESHOLDS,
    area_under_roc,
    class_log_loss,
    expected_calibration_error,
    iou_by_convention,
)
from training.outcome import Outcome

LABEL_INDEX = [int(label) for label in Labels]
GROUPINGS = ("label", "set", "kind", "source")


class Figure(NamedTuple):
    """A figure and its interval; None where none was asked for or it is the same throughout."""

    value: float
    interval: Interval | None = None


Summary = dict[str, Figure]


@dataclass(frozen=True)
class Table:
    """Outcomes as arrays over N pictures; nan where a picture has no such figure.

    Attributes:
        labels: (N,) true labels; logprobs: (N, 4).
        pace: (N,) seconds per megapixel.
        pixels: (N, 5) F1 and IoU of the answered mask, F1 of the map at the detector's threshold,
            the same as TruFor counts it, AUC of the map; of pictures with a region.
        curves: (N, 49) F1 of the map by threshold.
        outcomes: where they come from.
    """

    labels: NDArray[np.int64]
    logprobs: NDArray[np.float64]
    pace: NDArray[np.float64]
    pixels: NDArray[np.float64]
    curves: NDArray[np.float64]
    outcomes: Sequence[Outcome]

    @classmethod
    def of(cls, outcomes: Sequence[Outcome]) -> Table:
        blank = np.full(THRESHOLDS.size, np.nan)
        sweeps = [item.regions.sweep if item.regions else None for item in outcomes]
        return cls(
            np.array([int(item.row.label) for item in outcomes]),
            np.stack([item.logprobs for item in outcomes]),
            np.array([item.seconds / item.megapixels for item in outcomes]),
            np.array([_pixels(item) for item in outcomes], dtype=np.float64),
            np.stack([blank if found is None else found.f1 for found in sweeps]),
            outcomes,
        )


def summarise(outcomes: Sequence[Outcome], count: int = 0, seed: int = 0) -> Summary:
    """Every figure with its interval from `count` resamples of the pictures."""
    table = Table.of(outcomes)
    everything = np.arange(len(outcomes))
    values = figures(table, everything)
    found = intervals(lambda i: figures(table, i), table.labels.tolist(), count, seed)
    return {name: Figure(value, found.get(name)) for name, value in values.items()}


def compare(
    first: Sequence[Outcome], other: Sequence[Outcome], count: int = 0, seed: int = 0
) -> Summary:
    """`other` minus `first` on the same pictures, each resample taken of both."""
    tables = Table.of(other), Table.of(first)

    def difference(indices: NDArray[np.int64]) -> dict[str, float]:
        new, old = (figures(table, indices) for table in tables)
        return {name: value - old[name] for name, value in new.items() if name in old}

    values = difference(np.arange(len(first)))
    found = intervals(difference, tables[0].labels.tolist(), count, seed)
    return {name: Figure(value, found.get(name)) for name, value in values.items()}


def by_group(
    outcomes: Sequence[Outcome], count: int = 0, seed: int = 0
) -> dict[str, dict[str, Summary]]:
    """Summaries by label, set, kind of edit and source, as far as the manifest names them."""
    summaries: dict[str, dict[str, Summary]] = {}
    for grouping in GROUPINGS:
        groups: dict[str, list[Outcome]] = {}
        for item in outcomes:
            groups.setdefault(_name(item, grouping), []).append(item)
        groups.pop("", None)
        summaries[grouping] = {
            name: summarise(groups[name], count, seed) for name in _ordered(groups)
        }
    return {grouping: found for grouping, found in summaries.items() if found}


def confusion(outcomes: Sequence[Outcome]) -> NDArray[np.int64]:
    """(4, 4) pictures: true labels in rows, answers in columns."""
    table = Table.of(outcomes)
    answers = table.logprobs.argmax(1)
    return np.asarray(confusion_matrix(table.labels, answers, labels=LABEL_INDEX), np.int64)


def figures(table: Table, indices: NDArray[np.int64]) -> dict[str, float]:
    """All figures over the pictures given; those that have no meaning for them are left out.

    In NumPy, since a bootstrap comes here by the thousand; tests hold them equal to scikit-learn's.
    """
    labels, logprobs = table.labels[indices], table.logprobs[indices]
    probabilities = np.exp(logprobs)
    counts = np.bincount(labels, minlength=len(Labels))
    present = np.flatnonzero(counts)
    right = logprobs.argmax(1) == labels
    recalls = np.bincount(labels, weights=right, minlength=len(Labels))[present] / counts[present]
    losses = class_log_loss(logprobs, labels)
    found = {
        "pictures": float(len(indices)),
        "balanced_accuracy": float(recalls.mean()),
        "log_loss": float((losses[present] * counts[present]).sum() / counts.sum()),
        "ece": expected_calibration_error(probabilities, labels),
        "seconds_per_megapixel": float(np.median(table.pace[indices])),
    }
    for label, recall in zip(present, recalls, strict=True):
        found[f"recall_{Labels(int(label)).name}"] = float(recall)
        found[f"log_loss_{Labels(int(label)).name}"] = float(losses[label])
    natural = labels == Labels.Natural
    if natural.any():
        found["false_alarms"] = float(1 - right[natural].mean())
    for name, scores in (("natural", natural_scores), ("synthetic", synthetic_scores)):
        positive, score = scores(labels, logprobs)
        if 0 < positive.sum() < positive.size:
            found[f"auc_{name}"] = area_under_roc(positive, score)
    return found | _region_figures(table, indices)


Scores = tuple[NDArray[np.bool_], NDArray[np.float64]]


def natural_scores(labels: NDArray[np.int64], logprobs: NDArray[np.float64]) -> Scores:
    """Anything but Natural is positive; scored by 1 - p(Natural)."""
    return labels != Labels.Natural, -np.expm1(logprobs[:, Labels.Natural])


def synthetic_scores(labels: NDArray[np.int64], logprobs: NDArray[np.float64]) -> Scores:
    """FullySynthesized (positive) against Natural; scored by the ratio of the two."""
    kept = (labels == Labels.Natural) | (labels == Labels.FullySynthesized)
    ratio = logprobs[kept, Labels.FullySynthesized] - logprobs[kept, Labels.Natural]
    return labels[kept] == Labels.FullySynthesized, ratio


def _region_figures(table: Table, indices: NDArray[np.int64]) -> dict[str, float]:
    known = [table.outcomes[i].regions for i in indices]
    overlaps = [regions.overlap for regions in known if regions is not None]
    found: dict[str, float] = {}
    if overlaps:
        found["iou_empty_counts_1"], found["iou_empty_left_out"] = iou_by_convention(overlaps)
    pixels = table.pixels[indices]
    pixels = pixels[np.isfinite(pixels[:, 0])]
    if not len(pixels):
        return found
    found["localised_pictures"] = float(len(pixels))
    found["pixel_f1"], found["pixel_iou"] = (float(column.mean()) for column in pixels.T[:2])
    mapped = pixels[np.isfinite(pixels[:, 2]), 2:]
    if len(mapped):
        names = ("map_f1", "map_f1_lenient", "pixel_auc")
        found |= dict(zip(names, (float(column.mean()) for column in mapped.T), strict=True))
        curves = table.curves[indices]
        curves = curves[np.isfinite(curves[:, 0])]
        mean = curves.mean(0)
        found["map_f1_best"] = float(mean.max())
        found["map_best_threshold"] = float(THRESHOLDS[mean.argmax()])
        found["map_f1_own_best"] = float(curves.max(1).mean())
    return {name: value for name, value in found.items() if np.isfinite(value)}


def _pixels(item: Outcome) -> list[float]:
    regions = item.regions
    if regions is None or not item.localised:
        return [np.nan] * 5
    mapped = (regions.at_threshold, regions.lenient, regions.auc)
    return [
        regions.overlap.f1,
        regions.overlap.iou,
        *(np.nan if value is None else value for value in mapped),
    ]


def _name(item: Outcome, grouping: str) -> str:
    return item.row.label.name if grouping == "label" else str(getattr(item.row, grouping))


def _ordered(groups: dict[str, list[Outcome]]) -> list[str]:
    """Labels in the order of `Labels`, everything else by name."""
    rank: Callable[[str], tuple[int, str]] = lambda name: (  # noqa: E731
        Labels[name] if name in Labels.__members__ else len(Labels),
        name,
    )
    return sorted(groups, key=rank)
