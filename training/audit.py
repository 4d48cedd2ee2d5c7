"""Bias audit: the format of a training sample must not give its label away.

    python -m training.audit --pack data/pack --samples 2000

A classifier sees nothing but the nuisance features of `training.nuisance` and must stay near
chance; what it finds, a network would find, and would learn instead of the manipulation (Grommelt
et al., arXiv 2403.17608). Ends with status 1 if it does not.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from itertools import combinations
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.metrics import balanced_accuracy_score, confusion_matrix, roc_auc_score
from sklearn.model_selection import StratifiedGroupKFold, cross_val_predict
from sklearn.tree import DecisionTreeClassifier
from tqdm import tqdm

from detector.contract import Labels
from training.bootstrap import Interval, intervals
from training.compose import Composer, Sample
from training.nuisance import features
from training.pack import Pack

SIDE = 256  # pixels: the most frequent side of training's samples
FOLDS = 5
LEAF = 25  # samples: smaller leaves learn single samples by heart
TOLERANCE = 0.04  # above chance: content moves the features a little, however fair the histories
WIDTHS = 3.0  # standard errors of chance that a fair stream may show
RESAMPLES = 1000
PAIR = 2  # samples that may show the same scene: numbers 2n and 2n + 1


@dataclass(frozen=True)
class Audit:
    """What nuisance features tell of the labels.

    Attributes:
        balanced_accuracy: of the classifier, cross-validated; `interval`: 95 %, by bootstrap.
        limit: what a fair stream of so many samples stays below.
        confusion: (4, 4) samples, true labels in rows.
        alone: balanced accuracy by feature, of a small tree that sees it alone.
        pairs: ROC AUC of the classifier by pair of labels.
        means: feature -> its mean by label.
    """

    samples: int
    balanced_accuracy: float
    interval: Interval
    limit: float
    confusion: list[list[int]]
    alone: dict[str, float]
    pairs: dict[str, float]
    means: dict[str, dict[str, float]]

    @property
    def passed(self) -> bool:
        return self.balanced_accuracy < self.limit

    def __str__(self) -> str:
        low, high = self.interval
        lines = [
            f"{'fair' if self.passed else 'BIASED'}: "
            f"balanced accuracy {self.balanced_accuracy:.3f} "
            f"({low:.3f} to {high:.3f}) of {self.samples} samples, chance {1 / len(Labels):.2f}, "
            f"limit {self.limit:.3f}",
            "",
            f"{'feature':14} {'alone':>6}  mean of {', '.join(label.name for label in Labels)}",
        ]
        for name, score in sorted(self.alone.items(), key=lambda item: -item[1]):
            means = " ".join(f"{value:8.2f}" for value in self.means[name].values())
            lines.append(f"{name:14} {score:6.3f}  {means}")
        lines += ["", "pairs of labels, AUC"]
        lines += [f"{name:40} {value:.3f}" for name, value in self.pairs.items()]
        return "\n".join(lines)


def audit(samples: Iterable[Sample], seed: int = 0) -> Audit:
    """Try to tell the labels of at least `FOLDS` pairs of samples from their format alone.

    Samples 2n and 2n + 1 stay in one fold: training's stream has pairs of the same scene.
    """
    rows, labels = [], []
    for sample in samples:
        rows.append(features(sample.image))
        labels.append(int(sample.label))
    return judge(rows, np.array(labels), seed)


def judge(rows: Sequence[dict[str, float]], labels: NDArray[np.int64], seed: int = 0) -> Audit:
    """As `audit`, of features that are there already."""
    names = list(rows[0])
    values = np.array([[row[name] for name in names] for row in rows])
    probabilities = _predict(HistGradientBoostingClassifier(
        max_iter=80, learning_rate=0.06, max_leaf_nodes=12, min_samples_leaf=LEAF,
        class_weight="balanced", random_state=seed,
    ), values, labels, seed)  # fmt: skip
    present = np.unique(labels)
    answers = present[probabilities.argmax(1)]
    tree = DecisionTreeClassifier(
        max_depth=4, min_samples_leaf=LEAF, class_weight="balanced", random_state=seed
    )
    alone = {
        name: float(balanced_accuracy_score(
            labels, present[_predict(tree, values[:, [column]], labels, seed).argmax(1)]
        ))
        for column, name in enumerate(names)
    }  # fmt: skip
    right = answers == labels
    spread = intervals(
        lambda i: {"score": _mean_recall(right[i], labels[i])},
        labels.tolist(),
        RESAMPLES,
        seed,
    )
    return Audit(
        samples=len(labels),
        balanced_accuracy=float(balanced_accuracy_score(labels, answers)),
        interval=spread["score"],
        limit=limit(np.bincount(labels, minlength=len(Labels))),
        confusion=confusion_matrix(labels, answers, labels=list(Labels)).tolist(),
        alone=alone,
        pairs=_pairs(labels, probabilities, present),
        means={
            name: {
                Labels(label).name: float(values[labels == label, column].mean())
                for label in present
            }
            for column, name in enumerate(names)
        },
    )


def limit(counts: NDArray[np.int64]) -> float:
    """Balanced accuracy that a fair stream stays below: chance, its width, and a tolerance.

    The recall of n samples at chance p has the binomial variance p (1 - p) / n; the mean of K
    recalls has the sum of theirs over K squared. For 2000 samples in the stream's shares this is
    0.25 + 3 * 0.010 + 0.04 = 0.32.
    """
    chance = 1 / len(counts)
    error = np.sqrt((chance * (1 - chance) / np.maximum(counts, 1)).sum()) / len(counts)
    return float(chance + WIDTHS * error + TOLERANCE)


def _predict(
    model: Any, values: NDArray[np.float64], labels: NDArray[np.int64], seed: int
) -> NDArray[np.float64]:
    """(N, K) probabilities for each sample from a model that did not see its pair."""
    folds = StratifiedGroupKFold(FOLDS, shuffle=True, random_state=seed)
    groups = np.arange(len(labels)) // PAIR
    found = cross_val_predict(
        model, values, labels, groups=groups, cv=folds, method="predict_proba"
    )
    return np.asarray(found, np.float64)


def _mean_recall(right: NDArray[np.bool_], labels: NDArray[np.int64]) -> float:
    return float(np.mean([right[labels == label].mean() for label in np.unique(labels)]))


def _pairs(
    labels: NDArray[np.int64], probabilities: NDArray[np.float64], present: NDArray[np.int64]
) -> dict[str, float]:
    found = {}
    for first, second in combinations(range(len(present)), 2):
        kept = (labels == present[first]) | (labels == present[second])
        ratio = np.log(probabilities[kept, second] + 1e-9) - np.log(
            probabilities[kept, first] + 1e-9
        )
        name = f"{Labels(present[first]).name} / {Labels(present[second]).name}"
        found[name] = float(roc_auc_score(labels[kept] == present[second], ratio))
    return found


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--pack", type=Path, default=Path("data/pack"))
    parser.add_argument("--samples", type=int, default=2000)
    parser.add_argument("--side", type=int, default=SIDE)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, help="write the figures there, as JSON")
    arguments = parser.parse_args()
    cv2.setNumThreads(1)
    composer = Composer(Pack(arguments.pack), arguments.side, arguments.seed)
    numbers = tqdm(range(arguments.samples), desc="audit")
    found = audit((composer.sample(number) for number in numbers), arguments.seed)
    if arguments.out is not None:
        arguments.out.parent.mkdir(parents=True, exist_ok=True)
        arguments.out.write_text(json.dumps(asdict(found), indent=1) + "\n")
    print(found)
    sys.exit(0 if found.passed else 1)


if __name__ == "__main__":
    main()
