"""Labels and masks beside the truth, with the figures and intervals of `training.evaluate`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from detector.contract import Labels
from scoring.results import Result
from training.outcome import Outcome, Regions, Row
from training.summary import Summary, confusion, summarise

RESAMPLES = 500  # of the bootstrap: an interval to two digits, in a second or two
MEANINGS = {  # figure of training.summary -> how it is printed
    "balanced_accuracy": "Balanced accuracy",
    "false_alarms": "False alarms on Natural",
    "auc_natural": "AUC, Natural against the rest",
    "log_loss": "Log-loss (nats)",
    "ece": "Calibration error (ECE)",
    "pixel_f1": "Mask F1",
    "pixel_iou": "Mask IoU",
    "iou_empty_counts_1": "Mask IoU with Natural",
}


@dataclass(frozen=True)
class Accuracy:
    """How good the answers are.

    Attributes:
        labelled: samples with a true label that were sent, of which `scored` got a valid answer.
        masks: answers whose mask was scored; `unmasked` of them held none, counted as empty.
        figures: of `training.summary`, those of `MEANINGS` and the recalls.
        confusion: pictures by true label (rows) and answer (columns).
    """

    labelled: int
    scored: int
    masks: int
    unmasked: int
    figures: Summary
    confusion: list[list[int]]


def score(results: Sequence[Result], resamples: int = RESAMPLES) -> Accuracy | None:
    """Score what has a true label and a valid answer; None if nothing has."""
    found = outcomes(results)
    if not found:
        return None
    scored = [item for item in results if item.label is not None and item.logprobs]
    localised = [item for item in scored if item.overlap is not None]
    figures = summarise(found, resamples)
    kept = [*MEANINGS, *(f"recall_{label.name}" for label in Labels)]
    return Accuracy(
        sum(item.label is not None for item in results),
        len(scored),
        len(localised),
        sum(not item.has_mask for item in localised),
        {name: figures[name] for name in kept if name in figures},
        confusion(found).tolist(),
    )


def outcomes(results: Sequence[Result]) -> list[Outcome]:
    """The labelled answers as `training.summary` and `training.charts` take them."""
    return [
        Outcome(
            Row(Path(item.sample_id), Labels(item.label), kind=item.category),
            np.array(item.logprobs),
            item.seconds,
            (item.width or 1) * (item.height or 1) / 1e6,
            "full",  # the contract does not say how a service came to its answer
            float("nan"),  # nor where it cut its map
            None if item.overlap is None else Regions(item.overlap),
            None,
        )
        for item in results
        if item.label is not None and item.logprobs
    ]
