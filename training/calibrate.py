"""Fit temperature, label offsets and mask threshold on held-out pictures; writes config.json.

    python -m training.calibrate --manifest data/calibration.csv --folder data/runs/base/export

The manifest is that of `training.evaluate`; its pictures must come from sources that training did
not see, and must not be those that accuracy is reported on. Classes count alike, however many
pictures they have: the challenge's shares are unknown, so the prior is uniform.
"""

from __future__ import annotations

import argparse
import csv
import json
from pathlib import Path

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


def fit(
    logits: NDArray[np.floating], labels: NDArray[np.integer]
) -> tuple[float, NDArray[np.float64]]:
    """Temperature and four offsets that minimise the class-balanced log-loss.

    Args:
        logits: (N, 4) raw scores.
        labels: (N,) values of `Labels`.

    Returns:
        temperature > 0 and offsets (4,) that sum to 0; use as logits / temperature + offsets.
    """
    counts = np.bincount(labels, minlength=len(Labels))
    weights = 1 / counts[labels] / np.count_nonzero(counts)

    def loss(parameters: NDArray[np.float64]) -> float:
        scores = log_softmax(logits / np.exp(parameters[0]) + parameters[1:], axis=1)
        picked = scores[np.arange(len(labels)), labels]
        return float(-(weights * picked).sum() + OFFSET_PENALTY * np.square(parameters[1:]).sum())

    best = minimize(loss, np.zeros(1 + len(Labels)), method="L-BFGS-B").x
    return float(np.exp(best[0])), best[1:] - best[1:].mean()


def collect(
    detector: EditScopeDetector, manifest: Path
) -> tuple[NDArray[np.float64], NDArray[np.int64], NDArray[np.float64]]:
    """Raw logits (N, 4), labels (N,), and pixel F1 by threshold (M, 49) of those with a mask."""
    with manifest.open(newline="") as file:
        rows = list(csv.DictReader(file))
    logits, labels, curves = [], [], []
    for row in tqdm(rows, desc="calibrate"):
        image = decode((manifest.parent / row["path"]).read_bytes())
        detection = detector.detect(image, Deadline.never())
        logits.append(np.asarray(detection.logprobs))
        labels.append(int(Labels[row["label"]]))
        if row.get("mask_path") and detection.manipulation is not None:
            truth = read_mask(manifest.parent / row["mask_path"], (image.shape[0], image.shape[1]))
            curves.append(f1_of_map(detection.manipulation, truth))
    return np.stack(logits), np.array(labels), np.stack(curves)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--manifest", type=Path, required=True)
    parser.add_argument("--folder", type=Path, required=True, help="with config.json and weights")
    parser.add_argument("--version", default="0.1.0")
    parser.add_argument("--threads", type=int, default=2)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    path = arguments.folder / "config.json"
    config = json.loads(path.read_text())
    neutral = {"calibration_temperature": 1.0, "calibration_bias": [0.0] * len(Labels)}
    path.write_text(json.dumps(config | neutral | {"threshold": 0.0}, indent=2) + "\n")
    detector = EditScopeDetector(arguments.folder.name, arguments.folder.parent)
    detector.load_model()
    logits, labels, curves = collect(detector, arguments.manifest)
    temperature, offsets = fit(logits, labels)
    fitted = {
        "calibration_temperature": round(temperature, 4),
        "calibration_bias": [round(float(offset), 4) for offset in offsets],
        "threshold": round(float(THRESHOLDS[curves.mean(0).argmax()]), 4),
        "version": arguments.version,
    }
    path.write_text(json.dumps(config | fitted, indent=2) + "\n")
    print(json.dumps(fitted))


if __name__ == "__main__":
    main()
