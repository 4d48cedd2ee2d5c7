"""Answers as pictures, the best and the worst of many: picture, truth, map, verdict."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from PIL import Image

from detector.contract import Labels
from detector.imaging import decode
from training.outcome import Outcome, truth_of

EACH = 2  # pictures of each label
FEW = 8  # pictures that are shown together
PANEL = 240  # pixels: the longer side of what is shown
DPI = 100
NAME = 28  # characters of a file name that are shown: stores name pictures by their hash


def merit(item: Outcome) -> float:
    """How good an answer is, 0..1: the true label's probability, halved with F1 if localised."""
    probability = float(np.exp(item.logprobs[item.row.label]))
    if item.regions is None or not item.localised:
        return probability
    return (probability + item.regions.overlap.f1) / 2


def chosen(outcomes: Sequence[Outcome], best: bool) -> list[Outcome]:
    """`EACH` of every label, the best or the worst first."""
    picked: list[Outcome] = []
    for label in Labels:
        own = [item for item in outcomes if item.row.label is label]
        half = min(EACH, (len(own) + best) // 2)  # nothing is both among the best and the worst
        picked += sorted(own, key=merit, reverse=best)[:half]
    return picked


def draw(outcomes: Sequence[Outcome], out: Path) -> dict[str, str]:
    """Write `best.jpg` and `worst.jpg`, or `answers.jpg` of a few; returns caption by file name."""
    if 0 < len(outcomes) <= FEW:
        _sheet(outcomes, out / "answers.jpg")
        return {"answers.jpg": "Answers"}
    captions = {"best.jpg": "Best answers", "worst.jpg": "Worst answers"}
    drawn = {}
    for name, caption in captions.items():
        if shown := chosen(outcomes, name == "best.jpg"):
            _sheet(shown, out / name)
            drawn[name] = caption
    return drawn


def _sheet(shown: Sequence[Outcome], path: Path) -> None:
    """Two pictures a row, three panels each."""
    rows = (len(shown) + 1) // 2
    figure = Figure(figsize=(12.4, 2.35 * rows), dpi=DPI, layout="constrained")
    parts = np.ravel(figure.subfigures(rows, 2, squeeze=False, wspace=0.03))
    for part, item in zip(parts, shown, strict=False):
        part.suptitle(_title(item), fontsize=8, x=0.02, ha="left")
        image = decode(item.row.path.read_bytes())
        truth = truth_of(item.row, image.shape[:2])
        panels = part.subplots(1, 3)
        panels[0].imshow(_small(image))
        _show(panels[1], None if truth is None else _small(truth.astype(np.uint8) * 255), "truth")
        _show(panels[2], None if item.heat is None else _small(item.heat), "map", "inferno")
        for axes in panels:
            axes.set_axis_off()
            axes.set_anchor("N")
    figure.savefig(path, pil_kwargs={"quality": 82})


def _show(axes: Axes, values: np.ndarray | None, name: str, colours: str = "gray") -> None:
    axes.set_title(name, fontsize=7, pad=2)
    if values is None:
        axes.text(0.5, 0.9, "(none)", ha="center", fontsize=8, color="grey")
    else:
        axes.imshow(values, cmap=colours, vmin=0, vmax=255)


def _title(item: Outcome) -> str:
    """True label, answer with its probability, F1; and which picture it is."""
    verdict = (
        f"{item.row.label.name}, answered {item.answer.name} {np.exp(item.logprobs.max()):.0%}"
    )
    if item.regions is not None and item.localised:
        verdict += f", F1 {item.regions.overlap.f1:.2f}"
    return f"{verdict}\n{f'{item.row.set}: ' if item.row.set else ''}{_short(item.row.path.name)}"


def _short(name: str) -> str:
    return name if len(name) <= NAME else f"{name[: NAME - 10]}...{name[-7:]}"


def _small(values: np.ndarray) -> np.ndarray:
    image = Image.fromarray(values)
    image.thumbnail((PANEL, PANEL))
    return np.asarray(image)
