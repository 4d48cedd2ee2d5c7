"""What each part of the detector is worth: the same pictures judged without it.

    python -m training.ablation --manifest data/validation/report.csv --out data/ablation

Every picture is looked at twice, once without the anomaly branch; the answers without another part
are put together from what was seen.
Calibration and threshold stay those of the whole. Weights of networks trained without a part are
compared by `training.evaluate --models`.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from tqdm import tqdm

from detector.deadline import Deadline
from detector.editscope.copymove import Copy, find_copies
from detector.editscope.detector import EditScopeDetector, Measured, View
from detector.imaging import decode
from detector.verdict import Detection, decide
from training import report
from training.evaluate import read_manifest
from training.outcome import Outcome, Row, outcome_of, truth_of


class Seen(NamedTuple):
    """One picture, looked at.

    Attributes:
        views: as for an answer.
        unaware: the same by a network that compares no place's statistics with the others'.
        copies: what the search for copies found.
        size: (height, width) in pixels.
    """

    views: list[View]
    unaware: list[View]
    copies: list[Copy]
    size: tuple[int, int]


@contextmanager
def silenced(detector: EditScopeDetector) -> Iterator[None]:
    """The network hears nothing of its anomaly branch."""
    hook = detector.model.anomaly.register_forward_hook(lambda _, __, told: torch.zeros_like(told))
    try:
        yield
    finally:
        hook.remove()


Variant = Callable[[EditScopeDetector, Seen], Detection]


def whole(detector: EditScopeDetector, seen: Seen) -> Detection:
    return detector.answer(detector.weigh(seen.views, seen.copies, seen.size))


def without_copies(detector: EditScopeDetector, seen: Seen) -> Detection:
    return detector.answer(detector.weigh(seen.views, None, seen.size))


def without_anomaly(detector: EditScopeDetector, seen: Seen) -> Detection:
    return whole(detector, seen._replace(views=seen.unaware))


def native_view_alone(detector: EditScopeDetector, seen: Seen) -> Detection:
    return whole(detector, seen._replace(views=seen.views[:1]))


def reduced_view_alone(detector: EditScopeDetector, seen: Seen) -> Detection:
    """Small pictures have the native view only; the map keeps the native view's grid."""
    if len(seen.views) == 1:
        return whole(detector, seen)
    native, reduced = seen.views
    rows, columns = native.cells.shape[1:]
    cells = np.stack([cv2.resize(channel, (columns, rows)) for channel in reduced.cells])
    return whole(detector, seen._replace(views=[View(reduced.vector, cells)]))


def copies_alone(detector: EditScopeDetector, seen: Seen) -> Detection:
    """Natural or LocallyEdited, by what the search for copies found."""
    nothing = View(seen.views[0].vector, np.zeros_like(seen.views[0].cells))
    nothing.cells[0] = 9.0  # pristine
    found = detector.weigh([nothing], seen.copies, seen.size)
    logits = np.array([0.0, -9.0, 0.0, -9.0])
    return Detection(logits + found.evidence, found.manipulation, detector.model.config.threshold)


def uncalibrated(detector: EditScopeDetector, seen: Seen) -> Detection:
    measured: Measured = detector.weigh(seen.views, seen.copies, seen.size)
    return Detection(
        measured.logits + measured.evidence,
        measured.manipulation,
        0.5,  # the threshold of someone who has not calibrated
    )


VARIANTS: dict[str, Variant] = {
    "everything": whole,
    "without the search for copies": without_copies,
    "without the anomaly branch": without_anomaly,
    "without the reduced view": native_view_alone,
    "without the native view": reduced_view_alone,
    "without calibration, cleaning": uncalibrated,
    "the search for copies alone": copies_alone,
}


def judge(detector: EditScopeDetector, row: Row, image: NDArray[np.uint8]) -> dict[str, Outcome]:
    """The outcome of every variant for one picture."""
    size = (image.shape[0], image.shape[1])
    views = detector.look(image, Deadline.never())
    with silenced(detector):
        unaware = detector.look(image, Deadline.never())
    seen = Seen(views, unaware, find_copies(image), size)
    truth = truth_of(row, size)
    return {
        name: outcome_of(row, decide(variant(detector, seen), size), truth)
        for name, variant in VARIANTS.items()
    }


def ablate(detector: EditScopeDetector, rows: Sequence[Row]) -> dict[str, list[Outcome]]:
    outcomes: dict[str, list[Outcome]] = {name: [] for name in VARIANTS}
    for row in tqdm(rows, desc="ablation"):
        for name, outcome in judge(detector, row, decode(row.path.read_bytes())).items():
            outcomes[name].append(outcome)
    return outcomes


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--manifest", type=Path, required=True)
    parser.add_argument("--model", default="editscope/base")
    parser.add_argument("--models-dir", type=Path, default=Path("models"))
    parser.add_argument("--out", type=Path, default=Path("data/ablation"))
    parser.add_argument("--bootstrap", type=int, default=1000, help="resamples; 0: no intervals")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=2)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    detector = EditScopeDetector(arguments.model, arguments.models_dir)
    detector.load_model()
    outcomes = ablate(detector, read_manifest(arguments.manifest))
    arguments.out.mkdir(parents=True, exist_ok=True)
    print(report.write_comparison(outcomes, arguments.out, arguments.bootstrap, arguments.seed))


if __name__ == "__main__":
    main()
