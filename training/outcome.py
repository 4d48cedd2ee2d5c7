"""What came out for one picture of a manifest: the answer, and how it compares with the truth."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from sklearn.metrics import roc_auc_score

from detector.contract import Labels
from detector.verdict import Verdict
from engine import Engine, Step
from training.metrics import Overlap, Sweep, lenient_f1, overlap, sweep, upsampled

MASK_LEVEL = 127  # of 255: published masks are antialiased or JPEG-compressed
Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Row:
    """A line of a manifest; `set`, `kind` and `source` are empty where it does not say."""

    path: Path
    label: Labels
    mask_path: Path | None = None
    set: str = ""
    kind: str = ""
    source: str = ""


@dataclass(frozen=True)
class Regions:
    """The answered mask and the map beside the truth.

    Attributes:
        overlap: of the mask that `/predict` answers, so empty where Natural won.
        at_threshold: F1 of the map cut at the detector's threshold, whatever label won.
        lenient: the same as TruFor's code counts it.
        sweep: pixels by threshold of the map; None where the detector gives no map or the truth
            has one value only, as have `at_threshold`, `lenient` and `auc`.
        auc: ROC AUC of the map over the pixels.
    """

    overlap: Overlap
    at_threshold: float | None = None
    lenient: float | None = None
    sweep: Sweep | None = None
    auc: float | None = None


@dataclass(frozen=True)
class Outcome:
    """One picture judged.

    Attributes:
        row: what the manifest says of it.
        logprobs: (4,) as answered.
        seconds: from the decoded picture to the answer.
        megapixels: of the picture that was judged.
        step: `full`, or how the engine kept to its time budget.
        threshold: above it a pixel of the map is in the mask.
        regions: None where the truth is not known (FullySynthesized without a mask).
        heat: (h, w) uint8, the map times 255, or None.
    """

    row: Row
    logprobs: NDArray[np.float64]
    seconds: float
    megapixels: float
    step: Step
    threshold: float
    regions: Regions | None
    heat: NDArray[np.uint8] | None

    @property
    def answer(self) -> Labels:
        return Labels(int(self.logprobs.argmax()))

    @property
    def localised(self) -> bool:
        """Whether there was a region to find."""
        return (
            self.regions is not None and self.regions.overlap.hit + self.regions.overlap.missed > 0
        )


def judge(engine: Engine, row: Row, image: NDArray[np.uint8], truth: Mask | None) -> Outcome:
    """Put (H, W, 3) uint8 pixels to the engine behind `/predict`; `truth` is (H, W) or None."""
    analysis = engine.analyse(image)
    pixels = image.shape[0] * image.shape[1]
    return outcome_of(
        row, analysis.verdict, truth, seconds=analysis.seconds, pixels=pixels, step=analysis.step
    )


def outcome_of(
    row: Row,
    verdict: Verdict,
    truth: Mask | None,
    *,
    seconds: float = 0.0,
    pixels: int = 1,
    step: Step = "full",
) -> Outcome:
    """A verdict on a picture beside what is true of it."""
    heat = None
    if verdict.manipulation is not None:
        heat = np.rint(verdict.manipulation * 255).astype(np.uint8)
    return Outcome(
        row,
        verdict.logprobs,
        seconds,
        pixels / 1e6,
        step,
        verdict.threshold,
        None if truth is None or verdict.mask is None else _compare(verdict, verdict.mask, truth),
        heat,
    )


def read_mask(path: Path, size: tuple[int, int]) -> Mask:
    """A published mask, (H, W) bool; resized to the picture where the two differ."""
    with Image.open(path) as image:
        grey = image.convert("L")
        if grey.size != size[::-1]:
            grey = grey.resize(size[::-1], Image.Resampling.NEAREST)
        return np.asarray(grey) > MASK_LEVEL


def truth_of(row: Row, size: tuple[int, int]) -> Mask | None:
    """The true mask: read, empty for Natural, None where the manifest does not say."""
    if row.mask_path is not None:
        return read_mask(row.mask_path, size)
    return np.zeros(size, dtype=bool) if row.label is Labels.Natural else None


def _compare(verdict: Verdict, mask: Mask, truth: Mask) -> Regions:
    counts = overlap(mask, truth)
    if verdict.manipulation is None or truth.all() or not truth.any():
        return Regions(counts)
    wide = upsampled(verdict.manipulation, (truth.shape[0], truth.shape[1]))
    marked = wide > verdict.threshold
    return Regions(
        counts,
        overlap(marked, truth).f1,
        lenient_f1(marked, truth),
        sweep(wide, truth),
        float(roc_auc_score(truth.ravel(), wide.ravel())),
    )
