"""From samples to medians, ratios, a table, a plot and a file."""

from __future__ import annotations

import json
import time
from pathlib import Path
from statistics import median
from typing import Any

Figures = dict[str, Any]
PEERS = ("litserve", "litserve_pair", "seed")


def summarise(
    samples: dict[str, dict[str, list[float]]], scaling: list[dict[str, float]]
) -> Figures:
    """The medians of all samples and the ratios of the goals; what is missing is null."""
    middle = {
        part: {name: median(values) for name, values in found.items() if values}
        for part, found in samples.items()
    }
    bare = middle["overhead"].get("bare")
    load = middle["throughput"]
    clients = sorted({int(name.split("/")[1]) for name in load})
    large = [size["seconds_per_megapixel"] for size in scaling if size["megapixels"] >= 1]
    figures: Figures = {
        "overhead_ratio": middle["overhead"]["predict"] / bare - 1 if bare else None,
        "overhead_ratio_beyond_codecs": (
            middle["overhead"]["predict"] / middle["overhead"]["codecs"] - 1 if bare else None
        ),
        "seconds_per_megapixel": median(large) if large else None,
        "peak_memory_mb": max((size["peak_mb"] for size in scaling), default=None),
        "memory_64_waiting_mb": load.get("editscope/64/resident_mb"),
        "cold_start_s": middle["start"].get("api.py"),
        "failures": {
            name.split("/")[0] + "/" + name.split("/")[1]: int(sum(values))
            for name, values in samples["throughput"].items()
            if name.endswith("/failures")
        },
        "scaling": scaling,
        "medians": middle,
        "samples": samples,
        "rounds": {
            part: max(map(len, found.values()), default=0) for part, found in samples.items()
        },
    }
    for peer in PEERS:
        figures[f"throughput_vs_{peer}"] = {
            str(count): load[f"editscope/{count}/throughput"] / load[f"{peer}/{count}/throughput"]
            for count in clients
            if load.get(f"{peer}/{count}/throughput") and f"editscope/{count}/throughput" in load
        }
    return figures


def earlier(folder: Path) -> Figures:
    """Today's report, if there is one, to be added to."""
    path = _path(folder)
    content: Figures = json.loads(path.read_text()) if path.is_file() else {}
    return content


def table(figures: Figures) -> str:
    """Markdown."""
    lines = ["| figure | value |", "| --- | --- |"]
    for name in (
        *("overhead_ratio", "overhead_ratio_beyond_codecs", "seconds_per_megapixel"),
        *("cold_start_s", "peak_memory_mb", "memory_64_waiting_mb"),
    ):
        value = figures[name]
        lines.append(f"| {name} | {'not measured' if value is None else f'{value:.3g}'} |")
    load = figures["medians"]["throughput"]
    lines += [
        "",
        "| clients | service | answers/s | p50 s | p95 s | p99 s | failures | ours / theirs |",
        "| --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    for key in sorted(
        {name.rsplit("/", 1)[0] for name in load}, key=lambda k: int(k.split("/")[1])
    ):
        name, clients = key.split("/")
        ratio = figures.get(f"throughput_vs_{name}", {}).get(clients)
        times = " | ".join(f"{load[f'{key}/p{share}']:.2f}" for share in (50, 95, 99))
        lines.append(
            f"| {clients} | {name} | {load[f'{key}/throughput']:.2f} | {times} | "
            f"{figures['failures'][key]} | {'' if ratio is None else f'{ratio:.2f}'} |"
        )
    lines += [
        "",
        "| megapixels | seconds | s/MP | peak MB | beyond the picture |",
        "|" + " --- |" * 5,
    ]
    for size in figures["scaling"]:
        lines.append(
            f"| {size['megapixels']:g} | {size['seconds']:.2f} | "
            f"{size['seconds_per_megapixel']:.2f} | {size['peak_mb']:.0f} | "
            f"{size['peak_beyond_picture_mb']:.0f} |"
        )
    if figures.get("instructions"):
        lines += ["", "| instructions | bf16 s | float32 s | chosen |", "|" + " --- |" * 4]
    for level in figures.get("instructions", []):
        both = [level[precision] for precision in ("bf16", "float32")]
        cells = ("refused" if seconds is None else f"{seconds:.2f}" for seconds in both)
        lines.append(f"| {level['level']} | {' | '.join(cells)} | {level['chosen']} |")
    for part, title in (("others", "seconds a picture"), ("start", "start"), ("sharing", "page")):
        lines += ["", f"| {title} | median |", "| --- | --- |"]
        lines += [f"| {name} | {value:.3g} |" for name, value in figures["medians"][part].items()]
    return "\n".join(lines) + "\n"


def plot(figures: Figures, path: Path) -> None:
    """Throughput by service and clients; seconds by megapixels."""
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot

    figure, (left, right) = pyplot.subplots(1, 2, figsize=(11, 4), layout="constrained")
    load = figures["medians"]["throughput"]
    names = sorted({name.split("/")[0] for name in load})
    for name in names:
        points = sorted(
            (int(key.split("/")[1]), value)
            for key, value in load.items()
            if key.startswith(f"{name}/") and key.endswith("/throughput")
        )
        left.plot(*zip(*points, strict=True), marker="o", label=name)
    if names:
        left.set_xscale("log", base=2)
        left.set_ylim(bottom=0)
        left.legend()
    left.set(title="Throughput", xlabel="clients", ylabel="answers a second")
    sizes = figures["scaling"]
    if sizes:
        across = [size["megapixels"] for size in sizes]
        right.loglog(across, [size["seconds"] for size in sizes], marker="o", label="seconds")
        right.loglog(
            across, [size["peak_mb"] / 1024 for size in sizes], marker="s", label="peak GB"
        )
        right.legend()
    right.set(title="One picture", xlabel="megapixels")
    figure.savefig(path, dpi=120)
    pyplot.close(figure)


def write(figures: Figures, folder: Path) -> Path:
    """`<date>.json`, `.md` and `.png`; returns the first."""
    folder.mkdir(parents=True, exist_ok=True)
    path = _path(folder)
    path.write_text(json.dumps(figures, indent=1) + "\n")
    path.with_suffix(".md").write_text(table(figures))
    plot(figures, path.with_suffix(".png"))
    return path


def _path(folder: Path) -> Path:
    return folder / f"{time.strftime('%Y-%m-%d')}.json"
