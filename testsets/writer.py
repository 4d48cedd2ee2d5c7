"""Data sets to files: `<name>.parquet`, `<name>_metadata.json` and `datasets_summary.json`.

The same data sets, seed and library versions give the same bytes: there is no date, no path and no
random number that the seed does not decide.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
from pyarrow import parquet

from detector.contract import Labels
from testsets.dataset import DataSet
from testsets.schema import CATEGORIES, COLUMNS, SCHEMA_VERSION, Sample, arrow_schema

SUMMARY = "datasets_summary.json"
COMPRESSION_LEVEL = 3  # zstd's own default: pictures are compressed already, base64 gains a quarter
GROUP_BYTES = 32 << 20  # of requests and pictures in a row group: readers hold one at a time
MASKS = {
    "Natural": "empty",
    "FullySynthesized": "full (EditScope's default; the challenge does not define it)",
    "LocallyEdited": "exact: the pixels whose content the edit replaced",
    "LocallySynthesized": "exact: the pixels whose content was made anew",
}
HONESTY = (
    "No generative model was run. Pictures called synthesized are stand-ins: rendered without a "
    "camera model, passed through an up-sampling decoder of random filters, or patched from "
    "texture; `edit` says which. A score on them tells whether a service works, not how well it "
    "finds a given generator."
)


def write(data_set: DataSet, folder: Path, seed: int, wanted: int | None = None) -> dict[str, Any]:
    """Make a data set's samples, write its two files and return its entry for the summary.

    Raises:
        OSError: `folder` does not exist or cannot be written to.
    """
    samples = list(data_set.samples(seed, wanted))
    info = describe(data_set, samples, seed)
    path = folder / f"{data_set.name}.parquet"
    with parquet.ParquetWriter(
        path,
        arrow_schema(info),
        compression="zstd",
        compression_level=COMPRESSION_LEVEL,
        use_dictionary=["dataset", "category", "content_type", "media_type", "model"],
        write_statistics=False,
        store_schema=True,
    ) as file:
        for group in _groups(samples):
            rows = [sample.to_row() for sample in group]
            file.write_table(pa.Table.from_pylist(rows, arrow_schema(info)))
    write_json(folder / f"{data_set.name}_metadata.json", info)
    return {
        key: info[key] for key in ("name", "category", "title", "purpose", "samples", "labels")
    } | {"file": path.name, "bytes": path.stat().st_size}


def describe(data_set: DataSet, samples: list[Sample], seed: int) -> dict[str, Any]:
    """What `<name>_metadata.json` says."""
    labels = Counter(Labels(sample.label).name for sample in samples if sample.label is not None)
    statuses = Counter(str(sample.expected_status) for sample in samples)
    return {
        "name": data_set.name,
        "category": data_set.category,
        "title": data_set.title,
        "purpose": data_set.purpose,
        "schema_version": SCHEMA_VERSION,
        "seed": seed,
        "samples": len(samples),
        "labels": {label.name: labels[label.name] for label in Labels if labels[label.name]},
        "expected_statuses": dict(sorted(statuses.items())),
        "masks": MASKS,
        "note": HONESTY,
        "columns": {column.name: column.description for column in COLUMNS},
        "cases": [
            {
                "sample_id": sample.sample_id,
                "case": sample.case,
                "expected_status": sample.expected_status,
                "accepted_statuses": list(sample.accepted_statuses),
            }
            for sample in samples
        ],
        **data_set.facts,
    }


def summarise(entries: list[dict[str, Any]], seed: int) -> dict[str, Any]:
    """What `datasets_summary.json` says of the data sets that were written."""
    return {
        "schema_version": SCHEMA_VERSION,
        "seed": seed,
        "data_sets": len(entries),
        "samples": sum(entry["samples"] for entry in entries),
        "bytes": sum(entry["bytes"] for entry in entries),
        "categories": {
            category: {
                "data_sets": len(part),
                "samples": sum(entry["samples"] for entry in part),
                "bytes": sum(entry["bytes"] for entry in part),
            }
            for category in CATEGORIES
            if (part := [entry for entry in entries if entry["category"] == category])
        },
        "note": HONESTY,
        "datasets": entries,
    }


def write_json(path: Path, content: Mapping[str, Any]) -> None:
    path.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", "utf-8")


def _groups(samples: list[Sample]) -> Iterator[list[Sample]]:
    group: list[Sample] = []
    held = 0
    for sample in samples:
        size = len(sample.request) + len(sample.image or b"")
        if group and held + size > GROUP_BYTES:
            yield group
            group, held = [], 0
        group.append(sample)
        held += size
    if group:
        yield group
