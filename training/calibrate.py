"""Fit temperature, label offsets and mask threshold on held-out pictures; writes config.json.

    python -m training.calibrate --manifest data/calibration.csv --folder data/runs/base/export

The manifest is that of `training.evaluate`; its pictures must come from sources that training did
not see, and must not be those that accuracy is reported on. Classes count alike, however many
pictures they have: the challenge's shares are unknown, so the prior is uniform. Then Natural is
given the benefit of the doubt that keeps false alarms below `--false-alarms`.
"""

from __future__ import annotations

import argparse
import csv
import json
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import log_softmax
from tqdm import tqdm

from detector.contract import Labels
from detector.deadline import Deadline
from detector.editscope.detector import EditScopeDetector
from detector.imaging import decode
from training.metrics import THRESHOLDS, f1_of_map
from training.outcome import read_mask

OFFSET_PENALTY = 0.05  # pulls offsets towards 0: a few dozen pictures must not move them far
TIE = 1e-4  # breaks ties in favour of Natural, after rounding


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


def benefit_of_doubt(
    scores: NDArray[np.floating], labels: NDArray[np.integer], most: float
) -> float:
    """What Natural's score (N, 4) needs on top, >= 0, so that at most that share is accused."""
    natural = scores[labels == Labels.Natural]
    others = np.delete(natural, Labels.Natural, axis=1).max(1)
    missing = np.sort(np.maximum(0.0, others - natural[:, Labels.Natural]))[::-1]
    allowed = int(most * len(missing))
    return float(missing[allowed]) + TIE if allowed < len(missing) else 0.0


class Collected(NamedTuple):
    """What the detector says of a manifest's N pictures.

    Attributes:
        logits: (N, 4) before calibration.
        evidence: (N, 4) what found copies add after it.
        labels: (N,) values of `Labels`.
        curves: (M, 49) pixel F1 by threshold of those with a mask.
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
            curves.append(f1_of_map(measured.manipulation, truth))
    return Collected(np.stack(logits), np.stack(evidence), np.array(labels), np.stack(curves))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--manifest", type=Path, required=True)
    parser.add_argument("--folder", type=Path, required=True, help="with config.json and weights")
    parser.add_argument("--version", default="0.1.0")
    parser.add_argument(
        "--false-alarms", type=float, default=1.0, help="largest share of Natural called otherwise"
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
    doubt = benefit_of_doubt(scores, found.labels, arguments.false_alarms)
    offsets[Labels.Natural] += doubt
    fitted = {
        "calibration_temperature": round(temperature, 4),
        "calibration_bias": [round(float(offset), 4) for offset in offsets - offsets.mean()],
        "threshold": round(float(THRESHOLDS[found.curves.mean(0).argmax()]), 4),
        "version": arguments.version,
    }
    path.write_text(json.dumps(config | fitted, indent=2) + "\n")
    print(json.dumps(fitted))
    print(f"benefit of the doubt {doubt:.3f}")


if __name__ == "__main__":
    main()
