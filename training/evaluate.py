"""Score detectors on labelled pictures, through the engine that answers `/predict`.

    python -m training.evaluate --manifest data/validation/report.csv --out data/report
    python -m training.evaluate --manifest m.csv --models-dir data/runs --models a/export b/export

The manifest has the columns path, label, mask_path (may be empty) and, if known, set, kind and
source; paths are relative to it. One model gives a report with charts and a gallery, several give
one table that compares them. Intervals are 95 %, from resamples of the pictures.
"""

from __future__ import annotations

import argparse
import csv
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from tqdm import tqdm

from detector.contract import Labels
from detector.imaging import decode
from detector.registry import create_service
from engine import Engine
from training import postprocess, report
from training.outcome import Outcome, Row, judge, truth_of
from training.summary import summarise

POSTPROCESSED = 80  # pictures for `--postprocess`: eleven versions of each are judged


def read_manifest(path: Path) -> list[Row]:
    """The rows of a manifest, with paths resolved.

    Raises:
        ValueError: a column is missing or a label unknown; says which and where.
    """
    with path.open(newline="", encoding="utf-8") as file:
        reader = csv.DictReader(file)
        if missing := {"path", "label"} - set(reader.fieldnames or ()):
            raise ValueError(f"{path} lacks the columns {', '.join(sorted(missing))}")
        rows = []
        for line, row in enumerate(reader, 2):
            if row["label"] not in Labels.__members__:
                raise ValueError(f"{path}:{line}: {row['label']!r} is not a label")
            mask = row.get("mask_path")
            about = (row.get(column) or "" for column in ("set", "kind", "source"))
            rows.append(
                Row(
                    path.parent / row["path"],
                    Labels[row["label"]],
                    path.parent / mask if mask else None,
                    *about,
                )
            )
    return rows


def subset(rows: Sequence[Row], count: int, seed: int) -> list[Row]:
    """At most `count` rows drawn by seed, as many of each label as there are and in their order."""
    rng = np.random.default_rng(seed)
    turns = []
    for label in Labels:
        members = [index for index, row in enumerate(rows) if row.label is label]
        turns += [(turn, int(index)) for turn, index in enumerate(rng.permutation(members))]
    return [rows[index] for index in sorted(index for _, index in sorted(turns)[:count])]


def evaluate(engine: Engine, rows: Sequence[Row]) -> list[Outcome]:
    outcomes = []
    for row in tqdm(rows, desc="evaluate"):
        image = decode(row.path.read_bytes())
        outcomes.append(judge(engine, row, image, truth_of(row, image.shape[:2])))
    return outcomes


def postprocessed(engine: Engine, rows: Sequence[Row], seed: int) -> dict[str, list[Outcome]]:
    """Outcomes of the same pictures by transform of `training.postprocess`."""
    outcomes: dict[str, list[Outcome]] = {name: [] for name in postprocess.TRANSFORMS}
    for row in tqdm(rows, desc="postprocess"):
        original = decode(row.path.read_bytes())
        truth = truth_of(row, original.shape[:2])
        for name, scored in outcomes.items():
            image = postprocess.apply(name, original, seed)
            mask = None if truth is None else postprocess.follow(truth, image)
            scored.append(judge(engine, row, image, mask))
    return outcomes


def load(model: str, models_dir: Path, threads: int, budget_s: float) -> Engine:
    engine = Engine(
        lambda: create_service(model, models_dir), num_threads=threads, budget_s=budget_s
    )
    engine.load()
    return engine


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--manifest", type=Path, required=True)
    parser.add_argument("--models", "--model", nargs="+", default=["editscope/base"])
    parser.add_argument("--models-dir", type=Path, default=Path("models"))
    parser.add_argument("--out", type=Path, default=Path("data/report"))
    parser.add_argument("--bootstrap", type=int, default=1000, help="resamples; 0: no intervals")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--limit", type=int, help="draw so many pictures, evenly over the labels")
    parser.add_argument(
        "--postprocess", type=int, nargs="?", const=POSTPROCESSED, default=0,
        help=f"so many pictures after JPEG, resizing, ... as well (default {POSTPROCESSED})",
    )  # fmt: skip
    parser.add_argument("--threads", type=int, default=0, help="0: all available")
    parser.add_argument("--budget", type=float, default=20.0, help="seconds a picture, as served")
    arguments = parser.parse_args()
    rows = read_manifest(arguments.manifest)
    if arguments.limit:
        rows = subset(rows, arguments.limit, arguments.seed)
    sampling = (arguments.bootstrap, arguments.seed)
    judged: dict[str, list[Outcome]] = {}
    transformed: dict[str, list[Outcome]] = {}
    for model in arguments.models:
        engine = load(model, arguments.models_dir, arguments.threads, arguments.budget)
        judged[model] = evaluate(engine, rows)
        if arguments.postprocess and len(arguments.models) == 1:
            fewer = subset(rows, arguments.postprocess, arguments.seed)
            transformed = postprocessed(engine, fewer, arguments.seed)
        engine.close()
    arguments.out.mkdir(parents=True, exist_ok=True)
    if len(judged) > 1:
        text = report.write_comparison(judged, arguments.out, *sampling)
    else:
        model, outcomes = next(iter(judged.items()))
        transforms = {name: summarise(found, *sampling) for name, found in transformed.items()}
        about = report.About(model, str(arguments.manifest), *sampling)
        text = report.write(about, outcomes, transforms, arguments.out)
    print(text)


if __name__ == "__main__":
    main()
