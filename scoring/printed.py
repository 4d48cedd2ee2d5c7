"""A run in words for the terminal, in the template's order."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from detector.contract import Labels
from scoring.accuracy import MEANINGS, Accuracy
from scoring.diff import Change, Difference
from scoring.findings import Findings
from scoring.results import Result
from scoring.statistics import Totals
from training.summary import Figure

RULE = 60  # characters, as in the template
FAULTS = 15  # kinds of fault that are printed; --report and --json have all
CHANGES = 30  # samples that changed, printed
LATENCIES = {"average": "Avg", "median": "Median", "p95": "p95", "maximum": "Max"}


def summary(findings: Findings) -> str:
    """Everything that the terminal shows of a run."""
    totals = findings.totals
    parts = [
        heading(findings.service, totals),
        performance(totals, findings.at_once),
        categories(totals),
    ]
    if findings.accuracy is not None:
        parts.append(scores(findings.accuracy))
    if totals.repeated:
        parts.append(
            f"Repeated requests: {totals.repeated:,}, answered differently: {totals.unrepeatable:,}"
        )
    if grouped := by_fault(findings.results):
        parts.append("\n".join(fault_lines(grouped)))
    return "\n\n".join(parts)


def heading(service: str, totals: Totals) -> str:
    count = len(totals.datasets)
    lines = [
        "DATASET TESTING SUMMARY",
        "=" * RULE,
        f"Service: {service}",
        f"Datasets tested: {count:,}",
        f"Successful datasets: {totals.successful_datasets:,}",
        f"Failed datasets: {count - totals.successful_datasets:,}",
        f"Total samples: {totals.samples:,}",
        f"Overall success rate: {percent(totals.success_rate)}",
        f"Test duration: {totals.duration_s:,.1f}s",
    ]
    return "\n".join(lines)


def performance(totals: Totals, at_once: int) -> str:
    lines = [f"Performance ({at_once} request{'s' * (at_once > 1)} at a time):"]
    if totals.latency is not None:
        for name, word in LATENCIES.items():
            lines.append(f"  {word} latency: {milliseconds(getattr(totals.latency, name))}")
    if totals.unanswered:
        lines.append(f"  Not answered: {totals.unanswered:,} (not in the latencies)")
    lines.append(f"  Requests/sec: {totals.requests_per_second:.1f}")
    return "\n".join(lines)


def categories(totals: Totals) -> str:
    lines = ["Category breakdown:"]
    for item in totals.categories:
        speed = f", median {milliseconds(item.latency.median)}" if item.latency else ""
        lines.append(
            f"  {item.name}: {plural(item.datasets, 'dataset')}, "
            f"{percent(item.success_rate)} avg success{speed}"
        )
    return "\n".join(lines)


def scores(accuracy: Accuracy) -> str:
    lines = [f"Labels and masks ({accuracy.scored:,} answers with known truth; 95 % intervals):"]
    for name, meaning in MEANINGS.items():
        if name in accuracy.figures:
            lines.append(f"  {meaning}: {figure(accuracy.figures[name])}")
    recalls = [
        f"{label.name} {accuracy.figures[name].value:.2f}"
        for label in Labels
        if (name := f"recall_{label.name}") in accuracy.figures
    ]
    lines.append(f"  Called right: {', '.join(recalls)}")
    if accuracy.unmasked:
        lines.append(
            f"  Answers without a mask: {accuracy.unmasked:,} of {accuracy.masks:,}, "
            "counted as empty masks"
        )
    if accuracy.scored < accuracy.labelled:
        missing = accuracy.labelled - accuracy.scored
        lines.append(f"  Not scored, for want of a valid answer: {missing:,}")
    return "\n".join(lines)


def by_fault(results: Sequence[Result]) -> dict[str, list[Result]]:
    """Failed samples by their first fault, the most frequent first."""
    grouped: dict[str, list[Result]] = {}
    for item in results:
        if item.faults:
            grouped.setdefault(item.faults[0], []).append(item)
    return dict(sorted(grouped.items(), key=lambda pair: -len(pair[1])))


def fault_lines(grouped: dict[str, list[Result]]) -> Iterator[str]:
    yield f"Failures ({sum(len(found) for found in grouped.values()):,}):"
    for fault, found in list(grouped.items())[:FAULTS]:
        first = f"{found[0].sample_id} ({found[0].case})"
        yield f"  {len(found):,} x {fault}: {first}{' ...' if len(found) > 1 else ''}"
    if len(grouped) > FAULTS:
        yield f"  ... and {len(grouped) - FAULTS:,} other kinds; --report shows them"


def difference(found: Difference) -> str:
    """What changed from the first run to the other."""
    first, other = found.names
    lines = [f"CHANGES from {first} to {other}", "=" * RULE]
    lines += [change_line(item) for item in found.changes[:CHANGES]]
    if len(found.changes) > CHANGES:
        lines.append(f"... and {len(found.changes) - CHANGES:,} more; --json has all")
    if found.changes:
        lines.append("")
    lines.append(f"Compared: {plural(found.compared, 'sample')}")
    if found.only_first or found.only_other:
        lines.append(f"In one run only: {found.only_first:,} first, {found.only_other:,} other")
    lines.append(f"Unchanged: {found.compared - len(found.changes):,}")
    lines.append(f"Other status: {found.statuses:,}")
    lines.append(f"Other label: {found.labels:,}")
    lines.append(f"Failed before, right now: {found.fixed:,}")
    lines.append(f"Right before, failed now: {found.broken:,}")
    if found.shifts:
        median, most = float(np.median(found.shifts)), max(found.shifts)
        lines.append(f"Log-probabilities moved by: median {median:.3g}, at most {most:.3g} nats")
    if found.mask_ious:
        mean, least = float(np.mean(found.mask_ious)), min(found.mask_ious)
        lines.append(f"IoU of the two masks: mean {mean:.3f}, at least {least:.3f}")
    return "\n".join(lines)


def change_line(item: Change) -> str:
    parts = []
    if item.statuses[0] != item.statuses[1]:
        one, two = (str(status) if status else "no answer" for status in item.statuses)
        parts.append(f"status {one} -> {two}")
    if bool(item.faults[0]) != bool(item.faults[1]):
        parts.append("now right" if item.faults[0] else "now failed")
    if item.labels[0] != item.labels[1]:
        one, two = ("none" if label is None else label.name for label in item.labels)
        parts.append(f"label {one} -> {two}")
    if item.shift is not None:
        parts.append(f"|Δlogprob| {item.shift:.3g}")
    if item.mask_iou is not None:
        parts.append(f"mask IoU {item.mask_iou:.3f}")
    return f"{item.sample_id} ({item.case}): {', '.join(parts)}"


def figure(found: Figure) -> str:
    if found.interval is None:
        return f"{found.value:.3f}"
    return f"{found.value:.3f} ({found.interval.low:.3f} to {found.interval.high:.3f})"


def milliseconds(seconds: float) -> str:
    return f"{seconds * 1000:,.1f}ms"


def percent(share: float) -> str:
    """One decimal, rounded down: 100 % means all."""
    return f"{np.floor(share * 1000 + 1e-6) / 10:.1f}%"


def plural(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"
