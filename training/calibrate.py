"""Fit temperature, label offsets and mask threshold on held-out pictures; writes config.json.

    python -m training.calibrate --manifest data/calibration.csv --folder data/runs/base/export

The manifest is that of `training.evaluate`; its pictures must come from sources that training did
not see, and must not be those that accuracy is reported on. Classes count alike, however many
pictures they have: the challenge's shares are unknown, so the prior is uniform. With
`--false-alarms` offsets are added that keep them at that share and cost the other classes little.
"""

from __future__ import annotations

import argparse
import csv
import json
from itertools import product
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import log_softmax, softmax
from tqdm import tqdm

from detector.contract import Labels
from detector.deadline import Deadline
from detector.editscope.detector import EditScopeDetector
from detector.editscope.maps import cleaned
from detector.imaging import decode
from detector.verdict import threshold_at
from training.metrics import THRESHOLDS, overlap
from training.outcome import read_mask

OFFSET_PENALTY = 0.05  # pulls offsets towards 0: a few dozen pictures must not move them far
OFFSETS = (-3.0, 1.01, 0.25)  # of the labels but Natural: from, to, step of the grid
SOFTNESS = 0.3  # nats around the decision within which a picture counts in part
UNEVENNESS_PENALTY = 0.01  # of balanced accuracy a nat: prefers to treat the classes alike


def fit(
    logits: NDArray[np.floating],
    labels: NDArray[np.integer],
    evidence: NDArray[np.floating] | float = 0.0,
) -> tuple[float, NDArray[np.float64]]:
    """Temperature and four offsets that minimise the class-balanced log-loss.

    Args:
        logits: (N, 4) raw scores.
        labels: (N,) values of `Labels`.
        evidence: (N, 4), added as it is: likelihood ratios from elsewhere.

    Returns:
        temperature > 0 and offsets (4,) that sum to 0; use as logits / temperature + offsets.
    """
    counts = np.bincount(labels, minlength=len(Labels))
    weights = 1 / counts[labels] / np.count_nonzero(counts)

    def loss(parameters: NDArray[np.float64]) -> float:
        scores = logits / np.exp(parameters[0]) + parameters[1:] + evidence
        scores = log_softmax(scores, axis=1)
        picked = scores[np.arange(len(labels)), labels]
        return float(-(weights * picked).sum() + OFFSET_PENALTY * np.square(parameters[1:]).sum())

    best = minimize(loss, np.zeros(1 + len(Labels)), method="L-BFGS-B").x
    return float(np.exp(best[0])), best[1:] - best[1:].mean()


def cautious(
    scores: NDArray[np.floating], labels: NDArray[np.integer], most: float
) -> NDArray[np.float64]:
    """Offsets (4,) for scores (N, 4) by which at most that share of Natural is accused.

    Of all in a grid those with the highest balanced accuracy, counted softly: a picture close to
    the limit counts in part, so that fewer single pictures decide. An offset of Natural's alone
    would pay for the false alarms of one label with the recall of all. On random halves of 486
    pictures either gave a balanced accuracy of .54 to .55 at 9 to 10 % false alarms on the other
    half; with these .51 of LocallyEdited was found, not .41, and so its mask shown.

    Raises:
        ValueError: none in the grid accuses as few.
    """
    steps = np.arange(*OFFSETS)
    grid = np.array([(0.0, *rest) for rest in product(steps, repeat=len(Labels) - 1)])
    accused = np.empty(len(grid))
    recalls = np.empty((len(grid), len(Labels)))
    for index, offsets in enumerate(grid):
        shifted = scores + offsets
        accused[index] = (shifted[labels == Labels.Natural].argmax(1) != Labels.Natural).mean()
        chances = softmax(shifted / SOFTNESS, axis=1)
        recalls[index] = [chances[labels == label, label].mean() for label in Labels]
    uneven = np.abs(grid[:, 1:] - grid[:, 1:].mean(1, keepdims=True)).mean(1)
    value = recalls.mean(1) - UNEVENNESS_PENALTY * uneven
    allowed = accused <= most
    if not allowed.any():
        raise ValueError(f"More than {most:.1%} of Natural is accused whatever the offsets.")
    best: NDArray[np.float64] = grid[allowed][value[allowed].argmax()]
    return best


def mask_scores(manipulation: NDArray[np.float32], truth: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Pixel F1 of the mask, (49,), that a map cleaned and cut at each of `THRESHOLDS` gives."""
    size = (truth.shape[0], truth.shape[1])
    masks = (threshold_at(cleaned(manipulation, t), size, t) for t in THRESHOLDS.tolist())
    return np.array([overlap(mask, truth).f1 for mask in masks])


class Collected(NamedTuple):
    """What the detector says of a manifest's N pictures.

    Attributes:
        logits: (N, 4) before calibration.
        evidence: (N, 4) what found copies add after it.
        labels: (N,) values of `Labels`.
        curves: (M, 49) `mask_scores` of those with a mask.
    """

    logits: NDArray[np.float64]
    evidence: NDArray[np.float64]
    labels: NDArray[np.int64]
    curves: NDArray[np.float64]


def collect(detector: EditScopeDetector, manifest: Path) -> Collected:
    """Ask the detector about every picture of a manifest."""
    with manifest.open(newline="") as file:
        rows = list(csv.DictReader(file))
    logits, evidence, labels, curves = [], [], [], []
    for row in tqdm(rows, desc="calibrate"):
        image = decode((manifest.parent / row["path"]).read_bytes())
        measured = detector.measure(image, Deadline.never())
        logits.append(measured.logits)
        evidence.append(measured.evidence)
        labels.append(int(Labels[row["label"]]))
        if row.get("mask_path"):
            truth = read_mask(manifest.parent / row["mask_path"], (image.shape[0], image.shape[1]))
            curves.append(mask_scores(measured.manipulation, truth))
    return Collected(np.stack(logits), np.stack(evidence), np.array(labels), np.stack(curves))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--manifest", type=Path, required=True)
    parser.add_argument("--folder", type=Path, required=True, help="with config.json and weights")
    parser.add_argument("--version", default="0.1.0")
    parser.add_argument(
        "--false-alarms",
        type=float,
        help="largest share of Natural called otherwise; without it nothing is added to the fit",
    )
    parser.add_argument("--threads", type=int, default=2)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    path = arguments.folder / "config.json"
    config = json.loads(path.read_text())
    detector = EditScopeDetector(arguments.folder.name, arguments.folder.parent)
    detector.load_model()
    found = collect(detector, arguments.manifest)
    temperature, offsets = fit(found.logits, found.labels, found.evidence)
    scores = found.logits / temperature + offsets + found.evidence
    if arguments.false_alarms is not None:
        caution = cautious(scores, found.labels, arguments.false_alarms)
        offsets += caution
        print(f"caution {caution.tolist()}")
    fitted = {
        "calibration_temperature": round(temperature, 4),
        "calibration_bias": [round(float(offset), 4) for offset in offsets - offsets.mean()],
        "threshold": round(float(THRESHOLDS[found.curves.mean(0).argmax()]), 4),
        "version": arguments.version,
    }
    path.write_text(json.dumps(config | fitted, indent=2) + "\n")
    print(json.dumps(fitted))


if __name__ == "__main__":
    main()
