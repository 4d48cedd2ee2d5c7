"""Charts of a report: ROC curves, confusion, reliability, the map by threshold."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter
from sklearn.metrics import roc_auc_score, roc_curve

from detector.contract import Labels
from training.metrics import THRESHOLDS, reliability
from training.outcome import Outcome
from training.summary import Table, confusion, natural_scores, synthetic_scores

DPI = 100  # readable at its own size in a Markdown page, some 30 kB a chart
INK, PALE = "#1f4e79", "#c9d7e6"  # told apart in grey, too
ACCENT = "#c2571a"
SHORT = {  # names that fit under a column
    Labels.Natural: "Natural",
    Labels.FullySynthesized: "Fully\nSynthesized",
    Labels.LocallyEdited: "Locally\nEdited",
    Labels.LocallySynthesized: "Locally\nSynthesized",
}


def draw(outcomes: Sequence[Outcome], out: Path) -> dict[str, str]:
    """Write the charts that the outcomes allow; returns caption by file name."""
    captions = {}
    for name, (chart, caption) in CHARTS.items():
        figure = Figure(layout="constrained", dpi=DPI)
        if chart(figure, outcomes):
            figure.savefig(out / name)
            captions[name] = caption
    return captions


def _roc(figure: Figure, outcomes: Sequence[Outcome]) -> bool:
    table = Table.of(outcomes)
    axes = _square(figure)
    drawn = False
    for scores, name, colour in (
        (natural_scores, "Natural against the rest", INK),
        (synthetic_scores, "FullySynthesized against Natural", ACCENT),
    ):
        positive, score = scores(table.labels, table.logprobs)
        if not 0 < positive.sum() < positive.size:
            continue
        false_alarms, hits, _ = roc_curve(positive, score)
        area = roc_auc_score(positive, score)
        axes.plot(false_alarms, hits, color=colour, label=f"{name}: AUC {area:.2f}")
        drawn = True
    axes.plot([0, 1], [0, 1], color="grey", linewidth=0.8, linestyle=":")
    axes.set(xlabel="false alarms", ylabel="found", title="ROC")
    if drawn:
        axes.legend(loc="lower right", fontsize=8)
    return drawn


def _confusion(figure: Figure, outcomes: Sequence[Outcome]) -> bool:
    counts = confusion(outcomes)
    shares = counts / np.maximum(counts.sum(1, keepdims=True), 1)
    figure.set_size_inches(5.4, 4.6)
    axes = figure.subplots()
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    for (row, column), count in np.ndenumerate(counts):
        colour = "white" if shares[row, column] > 0.5 else "black"
        text = f"{shares[row, column]:.0%}\n{count}" if counts[row].any() else "-"
        axes.text(column, row, text, ha="center", va="center", color=colour, fontsize=9)
    ticks = range(len(Labels))
    axes.set_xticks(ticks, [SHORT[label] for label in Labels], fontsize=8)
    axes.set_yticks(ticks, [SHORT[label] for label in Labels], fontsize=8)
    axes.set(xlabel="answered", ylabel="true", title="Share of the true label, and pictures")
    return True


def _reliability(figure: Figure, outcomes: Sequence[Outcome]) -> bool:
    table = Table.of(outcomes)
    bins = reliability(np.exp(table.logprobs), table.labels)
    used = bins.pictures > 0
    count = np.maximum(bins.pictures, 1)
    figure.set_size_inches(4.6, 5.2)
    upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=[3, 1])
    middle = (np.arange(used.size) + 0.5) / used.size
    width = 0.94 / used.size
    upper.bar(middle[used], (bins.right / count)[used], width, color=PALE, label="answers right")
    upper.plot(
        (bins.confidence / count)[used], (bins.right / count)[used], "o", color=INK, markersize=4,
        clip_on=False, label="at their mean probability",
    )  # fmt: skip
    upper.plot([0, 1], [0, 1], color="grey", linewidth=0.8, linestyle=":", label="calibrated")
    upper.set(ylabel="right", xlim=(0, 1), ylim=(0, 1), title=f"Reliability: ECE {bins.error:.2f}")
    upper.legend(loc="upper left", fontsize=8)
    lower.bar(middle, bins.pictures, width, color=INK)
    lower.set(xlabel="probability of the answer", ylabel="pictures")
    return True


def _map(figure: Figure, outcomes: Sequence[Outcome]) -> bool:
    found = [item for item in outcomes if item.regions and item.regions.sweep]
    sweeps = [item.regions.sweep for item in found if item.regions and item.regions.sweep]
    if not sweeps:
        return False
    precision, recall, f1 = (
        np.mean(curves, axis=0)
        for curves in (
            [item.precision for item in sweeps],
            [item.recall for item in sweeps],
            [item.f1 for item in sweeps],
        )
    )
    figure.set_size_inches(8.4, 4.0)
    left, right = figure.subplots(1, 2)
    threshold = found[0].threshold
    own = int(np.abs(THRESHOLDS - threshold).argmin())
    left.plot(recall, precision, color=INK)
    left.plot(recall[own], precision[own], "o", color=ACCENT, label=f"threshold {threshold:.2f}")
    left.set(xlabel="recall", ylabel="precision", xlim=(0, 1), ylim=(0, 1))
    left.set_title("Pixels, mean of the pictures", fontsize=10)
    left.legend(fontsize=8)
    best = int(f1.argmax())
    right.plot(THRESHOLDS, f1, color=INK, label=f"best {f1[best]:.2f} at {THRESHOLDS[best]:.2f}")
    right.axvline(threshold, color=ACCENT, linestyle="--", label="the detector's threshold")
    right.set(xlabel="threshold of the map", ylabel="F1", xlim=(0, 1))
    right.set_ylim(0, max(0.1, 1.25 * float(f1.max())))
    right.set_title("F1 of the map", fontsize=10)
    right.legend(fontsize=8)
    return True


def draw_transforms(values: dict[str, dict[str, tuple[float, float, float]]], path: Path) -> None:
    """Bars by transform with intervals; `values`: metric -> transform -> value, low, high."""
    figure = Figure(figsize=(8.4, 2.2 * len(values)), layout="constrained", dpi=DPI)
    panels = figure.subplots(len(values), 1, sharex=True, squeeze=False)[:, 0]
    for axes, (metric, bars) in zip(panels, values.items(), strict=True):
        height, low, high = np.array(list(bars.values())).T
        spread = np.maximum([height - low, high - height], 0)
        axes.bar(list(bars), height, yerr=spread, color=PALE, ecolor=INK, capsize=3)
        axes.axhline(height[0], color=ACCENT, linewidth=0.8, linestyle="--")
        axes.set_ylabel(metric)
    panels[-1].tick_params(axis="x", rotation=30)
    figure.savefig(path)


def _square(figure: Figure) -> Axes:
    figure.set_size_inches(4.6, 4.6)
    axes = figure.subplots()
    axes.set(xlim=(0, 1), ylim=(0, 1), aspect="equal")
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter(PercentFormatter(1))
    return axes


Chart = Callable[[Figure, Sequence[Outcome]], bool]
CHARTS: dict[str, tuple[Chart, str]] = {
    "roc.png": (_roc, "ROC curves"),
    "confusion.png": (_confusion, "Confusion of the four labels"),
    "reliability.png": (_reliability, "Reliability diagram"),
    "map.png": (_map, "Precision and recall of the map, F1 by threshold"),
}
