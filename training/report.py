"""Write a report as Markdown, JSON and pictures, or a table that compares models."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from detector.contract import Labels
from training import charts, gallery
from training.outcome import Outcome
from training.summary import Figure, Summary, by_group, compare, confusion, summarise

MEANINGS = {  # figure -> how the report explains it
    "pictures": "pictures",
    "balanced_accuracy": "balanced accuracy: mean recall of the four labels",
    "auc_natural": "AUC, Natural against the rest",
    "auc_synthetic": "AUC, FullySynthesized against Natural",
    "false_alarms": "false alarms: Natural pictures not called Natural",
    "log_loss": "log-loss (nats)",
    "ece": "expected calibration error of the answer, 15 bins",
    "localised_pictures": "pictures with a region to find",
    "pixel_f1": "pixel F1 of the answered mask",
    "pixel_iou": "IoU of the answered mask",
    "map_f1": "pixel F1 of the map at the detector's threshold, whatever label won",
    "map_f1_best": "pixel F1 of the map at its best common threshold",
    "map_best_threshold": "that threshold",
    "map_f1_own_best": "pixel F1 of the map at each picture's best threshold",
    "map_f1_lenient": "pixel F1 of the map at the detector's threshold, as TruFor's code counts it",
    "pixel_auc": "pixel AUC of the map",
    "iou_empty_counts_1": "IoU with Natural pictures; an empty mask for an empty truth counts 1",
    "iou_empty_left_out": "IoU with Natural pictures; an empty mask for an empty truth is left out",
    "seconds_per_megapixel": "seconds per megapixel, median of the pictures",
}
COLUMNS = {  # of tables by group and by transform
    "pictures": "pictures",
    "balanced_accuracy": "balanced accuracy",
    "auc_natural": "AUC natural",
    "auc_synthetic": "AUC synthetic",
    "pixel_f1": "pixel F1",
    "map_f1_best": "map F1, best",
    "pixel_auc": "pixel AUC",
}
COUNTS = {"pictures", "localised_pictures"}
TRANSFORM_CHART = "transforms.png"
TITLES = {"label": "label", "set": "set", "kind": "kind of edit", "source": "source"}


class About(NamedTuple):
    """What was measured and how."""

    model: str
    manifest: str
    resamples: int
    seed: int


def write(
    about: About, outcomes: Sequence[Outcome], transforms: dict[str, Summary], out: Path
) -> str:
    """Write report.md, report.json, pictures.csv and the pictures; returns the main table."""
    total = summarise(outcomes, about.resamples, about.seed)
    groups = by_group(outcomes, about.resamples, about.seed)
    drawn = charts.draw(outcomes, out)
    shown = gallery.draw(outcomes, out)
    figures = {
        "about": about._asdict(),
        "all": _plain(total),
        "confusion": confusion(outcomes).tolist(),
        "steps": _steps(outcomes),
        "by": {
            grouping: {name: _plain(found) for name, found in summaries.items()}
            for grouping, summaries in groups.items()
        },
        "transforms": {name: _plain(found) for name, found in transforms.items()},
    }
    (out / "report.json").write_text(json.dumps(figures, indent=1) + "\n")
    _write_pictures(outcomes, out / "pictures.csv")
    main = "\n".join(_main_table(total))
    parts = [f"# {about.model} on {Path(about.manifest).name}", _preamble(about, outcomes), main]
    parts.append("\n".join(_label_table(total, outcomes)))
    parts.append(_pictures(drawn))
    parts += [
        f"## By {TITLES[grouping]}\n\n" + "\n".join(_group_table(summaries, TITLES[grouping]))
        for grouping, summaries in groups.items()
        if grouping != "label"
    ]
    if transforms:
        charts.draw_transforms(_bars(transforms), out / TRANSFORM_CHART)
        count = int(transforms["none"]["pictures"].value)
        parts.append(
            f"## After post-processing\n\nThe same {count} pictures, drawn evenly over the labels, "
            "and what happens to them on their way; masks are transformed alike.\n\n"
            + "\n".join(_group_table(transforms, "transform"))
            + f"\n\n![Figures by transform]({TRANSFORM_CHART})"
        )
    parts.append("## Best and worst answers\n\n" + _pictures(shown))
    (out / "report.md").write_text("\n\n".join(parts) + "\n", encoding="utf-8")
    return main


def write_comparison(judged: dict[str, list[Outcome]], out: Path, resamples: int, seed: int) -> str:
    """Write comparison.md and .json: a row for each model, and its difference from the first."""
    rows = {model: summarise(outcomes, resamples, seed) for model, outcomes in judged.items()}
    first, *others = judged
    changes = {model: compare(judged[first], judged[model], resamples, seed) for model in others}
    for found in changes.values():
        found.pop("pictures")
    text = "\n".join(
        [
            *_group_table(rows, "model"),
            "",
            f"Difference from {first}, picture by picture:",
            "",
            *_group_table(changes, "model", "+.3f"),
        ]
    )
    plain = {
        "all": {model: _plain(found) for model, found in rows.items()},
        f"difference from {first}": {model: _plain(found) for model, found in changes.items()},
    }
    (out / "comparison.json").write_text(json.dumps(plain, indent=1) + "\n")
    (out / "comparison.md").write_text(text + "\n", encoding="utf-8")
    return text


def _preamble(about: About, outcomes: Sequence[Outcome]) -> str:
    text = (
        f"{len(outcomes)} pictures, judged by the engine behind `/predict`. "
        f"Intervals are 95 %, from {about.resamples} resamples of the pictures within each label "
        f"(seed {about.seed}). [report.json](report.json) has every figure, "
        "[pictures.csv](pictures.csv) a row for each picture."
    )
    reduced = len(outcomes) - _steps(outcomes).get("full", 0)
    return text + (f" {reduced} were judged reduced to keep to the time budget." if reduced else "")


def _main_table(total: Summary) -> Iterator[str]:
    yield "| figure | value | 95 % interval |"
    yield "| --- | --- | --- |"
    for name, meaning in MEANINGS.items():
        if name in total:
            figure = total[name]
            yield f"| {meaning} | {_number(name, figure)} | {_range(name, figure)} |"


def _label_table(total: Summary, outcomes: Sequence[Outcome]) -> Iterator[str]:
    yield "| label | pictures | called right | log-loss (nats) |"
    yield "| --- | --- | --- | --- |"
    for label in Labels:
        if (recall := total.get(f"recall_{label.name}")) is not None:
            loss = _cell("loss", total[f"log_loss_{label.name}"])
            count = sum(item.row.label is label for item in outcomes)
            yield f"| {label.name} | {count} | {_cell('recall', recall)} | {loss} |"


def _group_table(summaries: dict[str, Summary], first: str, form: str = ".3f") -> Iterator[str]:
    """A row for each summary, a column for each of `COLUMNS` that any of them has."""
    used = [name for name in COLUMNS if any(name in found for found in summaries.values())]
    yield f"| {first} | {' | '.join(COLUMNS[name] for name in used)} |"
    yield f"| --- {'| --- ' * len(used)}|"
    for group, found in summaries.items():
        cells = (_cell(name, found[name], form) if name in found else "" for name in used)
        yield f"| {group} | {' | '.join(cells)} |"


def _cell(name: str, figure: Figure, form: str = ".3f") -> str:
    spread = _range(name, figure, form)
    return _number(name, figure, form) + (f" ({spread})" if spread else "")


def _number(name: str, figure: Figure, form: str = ".3f") -> str:
    return f"{figure.value:.0f}" if name in COUNTS else f"{figure.value:{form}}"


def _range(name: str, figure: Figure, form: str = ".3f") -> str:
    if figure.interval is None or name in COUNTS:
        return ""
    return " to ".join(f"{bound:{form}}" for bound in figure.interval)


def _pictures(captions: dict[str, str]) -> str:
    return "\n\n".join(f"![{caption}]({name})" for name, caption in captions.items())


def _bars(transforms: dict[str, Summary]) -> dict[str, dict[str, tuple[float, float, float]]]:
    """Value and interval by metric and transform, for the chart."""
    bars: dict[str, dict[str, tuple[float, float, float]]] = {}
    for metric in ("balanced_accuracy", "auc_natural", "pixel_f1"):
        found = {name: values[metric] for name, values in transforms.items() if metric in values}
        if found:
            bars[COLUMNS[metric]] = {
                name: (figure.value, *(figure.interval or (figure.value, figure.value)))
                for name, figure in found.items()
            }
    return bars


def _plain(found: Summary) -> dict[str, dict[str, float] | float]:
    return {
        name: figure.value
        if figure.interval is None
        else {"value": figure.value, "low": figure.interval.low, "high": figure.interval.high}
        for name, figure in found.items()
    }


def _steps(outcomes: Sequence[Outcome]) -> dict[str, int]:
    steps = [item.step for item in outcomes]
    return {step: steps.count(step) for step in dict.fromkeys(steps)}


def _write_pictures(outcomes: Sequence[Outcome], path: Path) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        names = [label.name for label in Labels]
        about = ["path", "set", "kind", "source", "label", "answer"]
        writer.writerow([*about, *names, "f1", "iou", "map_f1", "auc", "seconds", "megapixels"])
        for item in outcomes:
            row, regions = item.row, item.regions
            found = [""] * 4
            if regions is not None:
                values = (
                    regions.overlap.f1,
                    regions.overlap.iou,
                    regions.at_threshold,
                    regions.auc,
                )
                found = ["" if value is None else f"{value:.4f}" for value in values]
            writer.writerow(
                [row.path.name, row.set, row.kind, row.source, row.label.name, item.answer.name,
                 *np.round(item.logprobs, 4), *found, f"{item.seconds:.3f}",
                 f"{item.megapixels:.3f}"]
            )  # fmt: skip
