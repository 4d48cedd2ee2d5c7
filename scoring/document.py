"""A run as JSON for programs; every number is finite."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from scoring.accuracy import Accuracy
from scoring.diff import Difference
from scoring.findings import Findings
from scoring.statistics import Latency


def document(findings: Findings) -> dict[str, Any]:
    """What `--json` prints."""
    totals, accuracy = findings.totals, findings.accuracy
    return {
        "service": findings.service,
        "complete": findings.complete,
        "concurrency": findings.at_once,
        "datasets": {
            "tested": len(totals.datasets),
            "successful": totals.successful_datasets,
            "failed": len(totals.datasets) - totals.successful_datasets,
        },
        "samples": {
            "total": totals.samples,
            "succeeded": totals.succeeded,
            "unanswered": totals.unanswered,
            "success_rate": totals.success_rate,
        },
        "duration_s": totals.duration_s,
        "requests_per_second": totals.requests_per_second,
        "latency_s": plain(totals.latency),
        "repeated": {"inputs": totals.repeated, "answered_differently": totals.unrepeatable},
        "by_category": {
            item.name: {
                "datasets": item.datasets,
                "samples": item.samples,
                "success_rate": item.success_rate,
                "latency_s": plain(item.latency),
            }
            for item in totals.categories
        },
        "by_dataset": {
            item.name: {
                "category": item.category,
                "samples": item.samples,
                "succeeded": item.succeeded,
                "latency_s": plain(item.latency),
            }
            for item in totals.datasets
        },
        "accuracy": None if accuracy is None else accuracy_document(accuracy),
        "failures": [
            {
                "sample_id": item.sample_id,
                "case": item.case,
                "expected_status": item.expected_status,
                "status": item.status,
                "faults": list(item.faults),
                "answer": item.excerpt,
            }
            for item in findings.results
            if item.faults
        ],
        "comparisons": [comparison_document(item) for item in findings.compared],
    }


def accuracy_document(accuracy: Accuracy) -> dict[str, Any]:
    return {
        "labelled": accuracy.labelled,
        "scored": accuracy.scored,
        "masks": accuracy.masks,
        "without_mask": accuracy.unmasked,
        "figures": {
            name: {
                "value": item.value,
                "interval": None if item.interval is None else list(item.interval),
            }
            for name, item in accuracy.figures.items()
        },
        "confusion": accuracy.confusion,
    }


def comparison_document(found: Difference) -> dict[str, Any]:
    return {
        "first": found.names[0],
        "other": found.names[1],
        "compared": found.compared,
        "unchanged": found.compared - len(found.changes),
        "only_first": found.only_first,
        "only_other": found.only_other,
        "other_status": found.statuses,
        "other_label": found.labels,
        "fixed": found.fixed,
        "broken": found.broken,
        "changes": [
            {
                **asdict(item),
                "labels": [None if label is None else label.name for label in item.labels],
            }
            for item in found.changes
        ],
    }


def plain(latency: Latency | None) -> dict[str, float] | None:
    return None if latency is None else asdict(latency)
