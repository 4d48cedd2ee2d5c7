"""The report: one HTML file that needs nothing else, neither a script nor the network."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timezone
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from scoring import charts, gallery, printed
from scoring.accuracy import MEANINGS
from scoring.datasets import DataSet
from scoring.diff import Difference
from scoring.findings import Findings

TEMPLATE = "report.html.jinja"


def write(path: Path, findings: Findings, datasets: Sequence[DataSet]) -> None:
    """Write the report of a run; `datasets` are read again, for the pictures of what failed."""
    results = findings.results
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,  # answers are anybody's
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["milliseconds"] = printed.milliseconds
    environment.filters["percent"] = printed.percent
    environment.filters["figure"] = printed.figure
    text = environment.get_template(TEMPLATE).render(
        service=findings.service,
        when=datetime.now(timezone.utc).strftime("%Y-%m-%d %H:%M UTC"),
        complete=findings.complete,
        at_once=findings.at_once,
        totals=findings.totals,
        accuracy=findings.accuracy,
        meanings=MEANINGS,
        latencies=printed.LATENCIES,
        charts={
            caption: gallery.data_url("image/svg+xml", svg)
            for caption, svg in charts.draw(results).items()
        },
        faults={fault: len(found) for fault, found in printed.by_fault(results).items()},
        failures=gallery.cards(gallery.failures(results), datasets),
        mistakes=gallery.cards(gallery.mistakes(results), datasets),
        compared=[(found, lines(found)) for found in findings.compared],
    )
    path.write_text(text, encoding="utf-8")


def lines(found: Difference) -> list[str]:
    return [printed.change_line(item) for item in found.changes[: printed.CHANGES]]
