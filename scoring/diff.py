"""What changed between two runs, sample by sample."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from detector.contract import Labels
from scoring.contract_check import decode_mask
from scoring.results import Result
from training.metrics import overlap

SAME = 1e-9  # nats: what is less is no change; a service that repeats itself does so to the bit


@dataclass(frozen=True)
class Change:
    """A sample in two runs.

    Attributes:
        statuses: of HTTP, first and other.
        faults: how many there were in each.
        labels: answered, where there was an answer.
        shift: greatest |difference| of the log-probabilities in nats; None unless both are valid.
        mask_iou: of the two masks, an absent one counted as empty; None unless both answers are
            valid, or where one has a mask that is not.
    """

    sample_id: str
    case: str
    statuses: tuple[int, int]
    faults: tuple[int, int]
    labels: tuple[Labels | None, Labels | None]
    shift: float | None
    mask_iou: float | None

    @property
    def changed(self) -> bool:
        return (
            self.statuses[0] != self.statuses[1]
            or bool(self.faults[0]) != bool(self.faults[1])
            or self.labels[0] != self.labels[1]
            or (self.shift is not None and self.shift > SAME)
            or (self.mask_iou is not None and self.mask_iou < 1)
        )

    @property
    def gravity(self) -> tuple[bool, bool, bool, float]:
        """What matters most sorts last."""
        return (
            bool(self.faults[0]) != bool(self.faults[1]),
            self.statuses[0] != self.statuses[1],
            self.labels[0] != self.labels[1],
            max(self.shift or 0.0, 1 - (1.0 if self.mask_iou is None else self.mask_iou)),
        )


@dataclass(frozen=True)
class Difference:
    """Two runs: every sample that is in both, and how many are in one only.

    Attributes:
        names: of the two services.
        changes: the samples that changed, the gravest first.
        compared: samples that are in both.
        shifts, mask_ious: of all pairs that have one.
    """

    names: tuple[str, str]
    changes: tuple[Change, ...]
    compared: int
    only_first: int
    only_other: int
    shifts: tuple[float, ...]
    mask_ious: tuple[float, ...]

    @property
    def statuses(self) -> int:
        return sum(item.statuses[0] != item.statuses[1] for item in self.changes)

    @property
    def labels(self) -> int:
        """Samples that both answered, with another label."""
        return sum(None not in item.labels and len(set(item.labels)) > 1 for item in self.changes)

    @property
    def fixed(self) -> int:
        """Samples that failed in the first run alone."""
        return sum(bool(item.faults[0]) and not item.faults[1] for item in self.changes)

    @property
    def broken(self) -> int:
        """Samples that failed in the other run alone."""
        return sum(bool(item.faults[1]) and not item.faults[0] for item in self.changes)


def differ(names: tuple[str, str], first: Sequence[Result], other: Sequence[Result]) -> Difference:
    """Pair the results by `sample_id`; a request that is not the same in both is no pair."""
    partners = {(item.sample_id, item.input_id): item for item in other}
    pairs = [
        (item, partners[item.sample_id, item.input_id])
        for item in first
        if (item.sample_id, item.input_id) in partners
    ]
    changes = [change(one, two) for one, two in pairs]
    return Difference(
        names,
        tuple(
            sorted(
                (item for item in changes if item.changed),
                key=lambda item: item.gravity,
                reverse=True,
            )
        ),
        len(pairs),
        len(first) - len(pairs),
        len(other) - len(pairs),
        tuple(item.shift for item in changes if item.shift is not None),
        tuple(item.mask_iou for item in changes if item.mask_iou is not None),
    )


def change(one: Result, two: Result) -> Change:
    shift = iou = None
    if one.logprobs and two.logprobs:
        shift = float(np.abs(np.subtract(one.logprobs, two.logprobs)).max())
        iou = mask_iou(one, two)
    return Change(
        one.sample_id,
        one.case,
        (one.status, two.status),
        (len(one.faults), len(two.faults)),
        (one.answer, two.answer),
        shift,
        iou,
    )


def mask_iou(one: Result, two: Result) -> float | None:
    """IoU of two answered masks; two empty ones give 1."""
    if any(item.has_mask and item.mask is None for item in (one, two)):
        return None  # answered, but not valid
    if one.mask == two.mask:
        return 1.0
    masks = [None if item.mask is None else decode_mask(item.mask) for item in (one, two)]
    first, other = (
        np.zeros_like(next(m for m in masks if m is not None)) if mask is None else mask
        for mask in masks
    )
    return overlap(first, other).iou if first.shape == other.shape else 0.0
