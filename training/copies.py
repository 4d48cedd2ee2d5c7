"""Fit what a found pair of like regions proves, and which of the two is the copy.

    python -m training.copies --pack data/pack --store data/store --folder data/runs/base/export

Composes copy-moves in whole pictures of training sources, with the same pictures unaltered and
generated ones beside them, looks for copies in all, and fits two logistic regressions: a pair's
likelihood ratio, and its side. Writes `copy_weights` and `copy_side` of config.json.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from tqdm import tqdm

from detector.contract import Labels
from detector.deadline import Deadline
from detector.editscope import fusion
from detector.editscope.copymove import find_copies
from detector.editscope.detector import EditScopeDetector
from training import history
from training.compose import MIN_VISIBLE
from training.edits import copy_move
from training.history import Picture
from training.masks import Mask, Shapes
from training.metrics import overlap
from training.pack import segment
from training.pool import Scene
from training.wholes import Pictures

TRUE_PAIR = 0.25  # F1 of the better region with the mask: what was found is what was copied
CLEAR_SIDE = 0.4  # likewise, to learn the side from
LARGEST_COPY = 0.4  # of the picture
WEAK_PRIOR = 10.0  # inverse regularisation: three weights and hundreds of pictures


class Found(NamedTuple):
    """Pairs found in composed pictures.

    Attributes:
        features: (N, 3) of `fusion.features`, true: (N,) whether it is the composed copy.
        missed: share of the composed copies for which nothing true was found.
        quiet: share of the other pictures in which nothing was found.
        sides: (M, 3) of `fusion.side_features`, right: (M,) whether the target is the copy.
    """

    features: NDArray[np.float64]
    true: NDArray[np.bool_]
    missed: float
    quiet: float
    sides: NDArray[np.float64]
    right: NDArray[np.bool_]


def compose(real: Pictures, rng: np.random.Generator) -> tuple[Picture, Mask, Picture]:
    """A copy-move, its mask (H, W) bool, and the picture without it; later history alike."""
    while True:
        base = real.draw(rng)
        scene = Scene(base, Shapes(segment(base))).aged(rng)
        image, mask = copy_move(scene.image, scene.shapes, rng)
        if MIN_VISIBLE < mask.mean() < LARGEST_COPY:
            break
    later = int(rng.integers(2**32))
    moved, pristine = (
        history.after(picture, np.random.default_rng(later)) for picture in (image, scene.image)
    )
    return moved, mask, pristine


def collect(
    detector: EditScopeDetector, real: Pictures, fake: Pictures, count: int, seed: int
) -> Found:
    """Look for copies in `count` copy-moves, their originals, and generated pictures."""
    features, true, sides, right = [], [], [], []
    hits = quiet = 0
    for number in tqdm(range(count), desc="copies"):
        rng = np.random.default_rng((seed, number))
        moved, mask, pristine = compose(real, rng)
        generated = history.after(history.before(fake.draw(rng), rng), rng)
        for other in (pristine, generated):
            alike = find_copies(other)
            features += [fusion.features(copy) for copy in alike]
            true += [False] * len(alike)
            quiet += not alike
        cells = [view.cells for view in detector.look(moved, Deadline.never())]
        manipulation = detector.manipulation(cells, moved.shape[:2])
        found = False
        for copy in find_copies(moved):
            scores = [_f1(region, mask) for region in (copy.target, copy.source)]
            if max(scores) < TRUE_PAIR:
                continue  # neither nature's nor the one we made: nothing to learn
            features.append(fusion.features(copy))
            true.append(True)
            found = True
            if max(scores) > CLEAR_SIDE:
                sides.append(fusion.side_features(copy, manipulation))
                right.append(scores[0] > scores[1])
        hits += found
    return Found(
        np.array(features), np.array(true), 1 - hits / count, quiet / (2 * count),
        np.array(sides), np.array(right),
    )  # fmt: skip


def fit(found: Found) -> tuple[list[float], list[float]]:
    """`copy_weights` (4) and `copy_side` (3).

    The offset turns the odds among found pairs into a likelihood ratio between pictures: of a
    copy-move and of any other.
    """
    pairs = LogisticRegression(C=WEAK_PRIOR).fit(found.features, found.true)
    prior = np.log(found.true.mean() / (1 - found.true.mean()))
    chances = np.log((1 - found.missed) / (1 - found.quiet))
    offset = float(pairs.intercept_[0] - prior + chances)
    both = np.concatenate([found.sides, -found.sides])  # no side is preferred beforehand
    labels = np.concatenate([found.right, ~found.right])
    side = LogisticRegression(C=WEAK_PRIOR, fit_intercept=False).fit(both, labels)
    return [*pairs.coef_[0].tolist(), offset], side.coef_[0].tolist()


def _f1(region: Mask, mask: Mask) -> float:
    size = region.shape[::-1]
    truth = cv2.resize(mask.astype(np.uint8), size, interpolation=cv2.INTER_NEAREST) > 0
    return overlap(region, truth).f1


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pack", type=Path, default=Path("data/pack"))
    parser.add_argument("--store", type=Path, default=Path("data/store"))
    parser.add_argument("--folder", type=Path, required=True, help="with config.json and weights")
    parser.add_argument("--count", type=int, default=240, help="copy-moves to compose")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    detector = EditScopeDetector(arguments.folder.name, arguments.folder.parent, "cpu")
    detector.load_model()
    real, fake = (
        Pictures(arguments.store, label) for label in (Labels.Natural, Labels.FullySynthesized)
    )
    found = collect(detector, real, fake, arguments.count, arguments.seed)
    weights, side = fit(found)
    path = arguments.folder / "config.json"
    fitted = {
        "copy_weights": [round(value, 4) for value in weights],
        "copy_side": [round(value, 4) for value in side],
    }
    path.write_text(json.dumps(json.loads(path.read_text()) | fitted, indent=2) + "\n")
    print(json.dumps(fitted))
    guessed = (found.sides @ np.array(side) > 0) == found.right
    print(
        f"{1 - found.missed:.2f} of {arguments.count} copies found, nothing in {found.quiet:.2f} "
        f"of the other pictures; the right side in {guessed.mean():.2f}"
    )


if __name__ == "__main__":
    main()
