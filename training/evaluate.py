"""Score a detector on labelled pictures, through the same code that answers `/predict`.

    python -m training.evaluate --manifest data/validation.csv --model editscope/base --out report

The manifest has the columns path, label, mask_path (may be empty) and set; paths are relative to
it. Writes `scores.json` (all figures) and `pictures.csv` (a row a picture), prints a table.
"""

from __future__ import annotations

import argparse
import csv
import json
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from sklearn.metrics import (
    balanced_accuracy_score,
    confusion_matrix,
    log_loss,
    roc_auc_score,
)
from tqdm import tqdm

from detector.contract import Labels
from detector.deadline import Deadline
from detector.imaging import decode
from detector.registry import create_service
from detector.service import Detector
from detector.verdict import Verdict, decide
from training.metrics import (
    THRESHOLDS,
    expected_calibration_error,
    f1_by_threshold,
    overlap,
    upsampled,
)

MASK_LEVEL = 127  # of 255: published masks are antialiased or JPEG-compressed
LABEL_INDEX = [int(label) for label in Labels]


@dataclass(frozen=True)
class Scored:
    """One picture's outcome; F1 values are None where the truth holds no region."""

    path: str
    group: str
    label: Labels
    logprobs: NDArray[np.float64]
    seconds: float
    megapixels: float
    f1: float | None = None
    iou: float | None = None
    auc: float | None = None
    f1_map: NDArray[np.float64] | None = None


def score_picture(detector: Detector, row: dict[str, str], folder: Path) -> Scored:
    """Judge one picture of the manifest and compare with its label and mask."""
    image = decode((folder / row["path"]).read_bytes())
    started = time.perf_counter()
    detection = detector.detect(image, Deadline.never())
    verdict = decide(detection, image.shape[:2])
    seconds = time.perf_counter() - started
    result: dict[str, Any] = {}
    if row.get("mask_path"):
        result = _mask_scores(
            verdict, read_mask(folder / row["mask_path"], (image.shape[0], image.shape[1]))
        )
    return Scored(
        row["path"], row["set"], Labels[row["label"]], verdict.logprobs, seconds,
        image.shape[0] * image.shape[1] / 1e6, **result,
    )  # fmt: skip


def summary(scored: list[Scored]) -> dict[str, Any]:
    """All figures over the pictures given."""
    truth = np.array([int(item.label) for item in scored])
    logprobs = np.stack([item.logprobs for item in scored])
    probabilities = np.exp(logprobs)
    figures: dict[str, Any] = {
        "pictures": len(scored),
        "balanced_accuracy": balanced_accuracy_score(truth, logprobs.argmax(1)),
        "log_loss": log_loss(truth, probabilities, labels=LABEL_INDEX),
        "ece": expected_calibration_error(probabilities, truth),
        "confusion": confusion_matrix(truth, logprobs.argmax(1), labels=LABEL_INDEX).tolist(),
        "seconds_per_megapixel": float(np.median([s.seconds / s.megapixels for s in scored])),
    }
    natural = truth == Labels.Natural
    if 0 < natural.sum() < len(truth):
        figures["auc_natural"] = roc_auc_score(~natural, 1 - probabilities[:, Labels.Natural])
    if natural.any():
        figures["false_alarms"] = float((logprobs[natural].argmax(1) != Labels.Natural).mean())
    masked = [item for item in scored if item.f1_map is not None]
    if masked:
        curves = np.stack([item.f1_map for item in masked if item.f1_map is not None])
        best = int(curves.mean(0).argmax())
        figures |= {
            "masked_pictures": len(masked),
            "pixel_f1": float(np.mean([item.f1 for item in masked])),
            "pixel_iou": float(np.mean([item.iou for item in masked])),
            "pixel_auc": float(np.mean([item.auc for item in masked])),
            "map_f1_at_half": float(curves[:, int(np.abs(THRESHOLDS - 0.5).argmin())].mean()),
            "map_f1_best": float(curves[:, best].mean()),
            "map_best_threshold": float(THRESHOLDS[best]),
            "map_f1_own_best": float(curves.max(1).mean()),
        }
    return figures


def evaluate(detector: Detector, manifest: Path) -> list[Scored]:
    with manifest.open(newline="") as file:
        rows = list(csv.DictReader(file))
    return [score_picture(detector, row, manifest.parent) for row in tqdm(rows, desc="evaluate")]


def read_mask(path: Path, size: tuple[int, int]) -> NDArray[np.bool_]:
    """A published mask, (H, W) bool; resized to the picture where the two differ."""
    with Image.open(path) as image:
        grey = image.convert("L")
        if grey.size != size[::-1]:
            grey = grey.resize(size[::-1], Image.Resampling.NEAREST)
        return np.asarray(grey) > MASK_LEVEL


def _mask_scores(verdict: Verdict, truth: NDArray[np.bool_]) -> dict[str, Any]:
    if verdict.mask is None or verdict.manipulation is None or not 0 < truth.mean() < 1:
        return {}
    counts = overlap(verdict.mask, truth)
    wide = upsampled(verdict.manipulation, (truth.shape[0], truth.shape[1]))
    return {
        "f1": counts.f1,
        "iou": counts.iou,
        "auc": float(roc_auc_score(truth.ravel(), wide.ravel())),
        "f1_map": f1_by_threshold(wide, truth),
    }


def write(scored: list[Scored], out: Path) -> dict[str, Any]:
    """Write the figures over all pictures and by set; returns them."""
    out.mkdir(parents=True, exist_ok=True)
    groups = sorted({item.group for item in scored})
    figures = {"all": summary(scored)} | {
        group: summary([item for item in scored if item.group == group]) for group in groups
    }
    (out / "scores.json").write_text(json.dumps(figures, indent=1))
    with (out / "pictures.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["path", "set", "label", *(label.name for label in Labels), "f1", "auc"])
        for item in scored:
            writer.writerow(
                [
                    item.path,
                    item.group,
                    item.label.name,
                    *np.round(item.logprobs, 4),
                    item.f1,
                    item.auc,
                ]
            )
    return figures


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--manifest", type=Path, required=True)
    parser.add_argument("--model", default="editscope/base")
    parser.add_argument("--models-dir", type=Path, default=Path("models"))
    parser.add_argument("--out", type=Path, default=Path("data/report"))
    parser.add_argument("--threads", type=int, default=2)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    detector = create_service(arguments.model, arguments.models_dir)
    if not isinstance(detector, Detector):
        parser.error(f"{arguments.model} is not a Detector")
    detector.load_model()
    for group, figures in write(evaluate(detector, arguments.manifest), arguments.out).items():
        print(f"\n{group}")
        for name, value in figures.items():
            print(f"  {name:24} {value if isinstance(value, (int, list)) else f'{value:.4f}'}")


if __name__ == "__main__":
    main()
