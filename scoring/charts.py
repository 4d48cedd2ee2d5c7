"""Charts of a report as SVG: latencies by category, and those that `training.charts` draws."""

from __future__ import annotations

import io
from collections.abc import Sequence

import numpy as np
from matplotlib import rc_context
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

from scoring.accuracy import outcomes
from scoring.datasets import rank
from scoring.results import Result
from training import charts

BINS = 40  # of the time axis: with some hundred answers each a dozen bars stand out
COLOURS = ("#1f4e79", "#c2571a", "#4b8a5b", "#8c6bb1", "#777777")  # told apart by the colour-blind


def draw(results: Sequence[Result]) -> dict[str, bytes]:
    """Every chart that the results allow, as SVG, by its caption."""
    drawn: dict[str, bytes] = {}
    with rc_context(
        {"svg.hashsalt": "editscope", "svg.fonttype": "path", "font.size": 9}
    ):  # drawn alike whatever the machine's settings; ids that do not change from run to run
        if any(item.status for item in results):
            drawn["Latency of the answers by category"] = svg(latencies(results))
        if labelled := outcomes(results):
            for chart, caption in charts.CHARTS.values():
                figure = Figure(layout="constrained")
                if chart(figure, labelled):
                    drawn[caption] = svg(figure)
    return drawn


def latencies(results: Sequence[Result]) -> Figure:
    """One histogram a category on one axis of time, logarithmic; the dashed line is the median."""
    seconds: dict[str, list[float]] = {}
    for item in results:
        if item.status:
            seconds.setdefault(item.category, []).append(item.seconds * 1000)
    names = sorted(seconds, key=lambda name: (rank(name), name))
    everything = np.concatenate([seconds[name] for name in names])
    low, high = max(everything.min(), 0.1) * 0.9, max(everything.max(), 1.0) * 1.1
    edges = np.geomspace(low, high, BINS + 1)
    figure = Figure(figsize=(8.4, 1.1 + 1.25 * len(names)), layout="constrained")
    panels = figure.subplots(len(names), 1, sharex=True, squeeze=False)[:, 0]
    for place, (axes, name) in enumerate(zip(panels, names, strict=True)):
        values = np.clip(seconds[name], low, high)
        median = float(np.median(values))
        axes.hist(values, edges, color=COLOURS[place % len(COLOURS)])
        axes.axvline(median, color="black", linewidth=0.9, linestyle="--")
        axes.set_title(
            f"{name}: {len(values):,} answers, median {median:,.0f} ms", fontsize=9, loc="left"
        )
        axes.set_xscale("log")
        axes.set_ylabel("answers")
        axes.spines[["top", "right"]].set_visible(False)
    plain = FuncFormatter(lambda value, _: f"{value:,.0f}" if value >= 1 else f"{value:g}")
    panels[-1].xaxis.set_major_formatter(plain)
    panels[-1].set_xlabel("milliseconds from request to last byte")
    return figure


def svg(figure: Figure) -> bytes:
    buffer = io.BytesIO()
    figure.savefig(buffer, format="svg", metadata={"Date": None})
    return buffer.getvalue()
