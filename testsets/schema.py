"""The table that every test data set is: one row is one request to `POST /predict`.

Version 1. A change that breaks a reader raises `SCHEMA_VERSION`; new columns at the end do not.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

import pyarrow as pa
from pyarrow import parquet

SCHEMA_VERSION = 1
VERSION_KEY = b"editscope.schema_version"  # in the Parquet file's key-value metadata
INFO_KEY = b"editscope.dataset"  # the same JSON as `<name>_metadata.json`
CATEGORIES = ("standard", "edge_case", "performance", "model_comparison")
JSON_TYPE = "application/json"


class SchemaError(ValueError):
    """A file is not a test data set, or of a version that this code does not read."""


@dataclass(frozen=True)
class Sample:
    """One request, and what is known of the answer.

    Attributes:
        sample_id: unique in all data sets: `<dataset>/<index, four digits>`.
        dataset: name of the data set, as its file is called.
        category: one of `CATEGORIES`.
        case: what is particular about it, in a few words.
        request: the body to POST, byte for byte; malformed where that is the point.
        expected_status: the HTTP status that EditScope answers with.
        accepted_statuses: those that any service may answer with and still keep the contract;
            ascending, `expected_status` among them, never one of 500 and above.
        content_type: the header to send with the body.
        image: the file inside the request; None where the request holds none that can be told.
        media_type: what the request declares the file to be.
        width, height: pixels as stored, no EXIF orientation applied; None where there is no
            picture. A mask must be exactly of this size.
        label: 0 Natural, 1 FullySynthesized, 2 LocallyEdited, 3 LocallySynthesized; None where
            there is no truth to compare with.
        mask: PNG of 1 bit a pixel, width x height, set where manipulated: empty for Natural, full
            for FullySynthesized (EditScope's default; the challenge does not define it), exact for
            the other two; None where `label` is None.
        edit: JSON object: how picture and manipulation came about.
        input_id: SHA-256 (hexadecimal) of `request`: the same in two rows that ask the same.
        model: the `MODEL_NAME` that a row of a model comparison is meant for.
        error_code: EditScope's machine-readable code where `expected_status` is not 200.
    """

    sample_id: str
    dataset: str
    category: str
    case: str
    request: bytes
    expected_status: int
    accepted_statuses: tuple[int, ...]
    content_type: str = JSON_TYPE
    image: bytes | None = None
    media_type: str | None = None
    width: int | None = None
    height: int | None = None
    label: int | None = None
    mask: bytes | None = None
    edit: Mapping[str, Any] = field(default_factory=dict)
    input_id: str = ""
    model: str | None = None
    error_code: str | None = None

    def to_row(self) -> dict[str, Any]:
        """As Arrow takes it: `edit` as JSON with sorted keys."""
        row = {item.name: getattr(self, item.name) for item in fields(self)}
        row["edit"] = json.dumps(self.edit, sort_keys=True)
        row["accepted_statuses"] = list(self.accepted_statuses)
        return row

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> Sample:
        """The reverse of `to_row`; columns it does not know are left out."""
        known = {item.name: row[item.name] for item in fields(cls)}
        known["edit"] = json.loads(known["edit"])
        known["accepted_statuses"] = tuple(known["accepted_statuses"])
        return cls(**known)


@dataclass(frozen=True)
class Column:
    """One column; its description goes into the file and the metadata."""

    name: str
    type: pa.DataType
    nullable: bool
    description: str


COLUMNS = (
    Column("sample_id", pa.string(), False, "`<dataset>/<index>`, unique in all data sets"),
    Column("dataset", pa.string(), False, "Name of the data set"),
    Column("category", pa.string(), False, "`standard`, `edge_case`, `performance` or so on"),
    Column("case", pa.string(), False, "What is particular about it, in a few words"),
    Column("request", pa.binary(), False, "Body to POST to `/predict`, byte for byte"),
    Column("content_type", pa.string(), False, "Header to send with it"),
    Column("image", pa.binary(), True, "The picture file inside the request"),
    Column("media_type", pa.string(), True, "What the request declares the file to be"),
    Column("width", pa.int32(), True, "Pixels as stored; the mask has this size"),
    Column("height", pa.int32(), True, "The same"),
    Column("label", pa.int8(), True, "0 to 3 in the order of `logprobs`; null: no truth"),
    Column("mask", pa.binary(), True, "1-bit PNG, set where manipulated; null: no truth"),
    Column("expected_status", pa.int16(), False, "HTTP status that EditScope gives"),
    Column("accepted_statuses", pa.list_(pa.int16()), False, "Those that keep the contract"),
    Column("error_code", pa.string(), True, "EditScope's code where the status is not 200"),
    Column("edit", pa.string(), False, "JSON: how picture and manipulation came about"),
    Column("input_id", pa.string(), False, "SHA-256 of `request`: equal where the same is asked"),
    Column("model", pa.string(), True, "`MODEL_NAME` that the row is meant for"),
)


def arrow_schema(info: Mapping[str, Any] | None = None) -> pa.Schema:
    """The Arrow schema; `info` (the data set's metadata) goes into the file beside the version."""
    columns = [
        pa.field(column.name, column.type, column.nullable, {"__doc__": column.description})
        for column in COLUMNS
    ]
    metadata = {VERSION_KEY: str(SCHEMA_VERSION).encode()}
    if info is not None:
        metadata[INFO_KEY] = json.dumps(info, sort_keys=True).encode()
    return pa.schema(columns, metadata)


def read_info(path: Path) -> dict[str, Any]:
    """The metadata of a data set, without its rows.

    Raises:
        SchemaError: the file is no test data set of this version.
        OSError: it cannot be read.
    """
    info: dict[str, Any] = json.loads(_metadata(path)[INFO_KEY])
    return info


def read_samples(path: Path, limit: int | None = None) -> Iterator[Sample]:
    """The rows of a data set in their order, a few in memory at a time; `limit` takes the first.

    Raises:
        SchemaError: the file is no test data set of this version.
        OSError: it cannot be read.
    """
    _metadata(path)
    count = 0
    with parquet.ParquetFile(path) as file:
        for batch in file.iter_batches(batch_size=16):  # a 100 MB body does not bring 100 more
            for row in batch.to_pylist():
                if limit is not None and count >= limit:
                    return
                count += 1
                yield Sample.from_row(row)


def _metadata(path: Path) -> Mapping[bytes, bytes]:
    try:
        metadata = parquet.read_schema(path).metadata or {}
    except pa.ArrowInvalid as error:
        raise SchemaError(f"{path.name} is not a Parquet file") from error
    version = metadata.get(VERSION_KEY)
    if version is None or INFO_KEY not in metadata:
        raise SchemaError(f"{path.name} is not a test data set; make some with make datasets")
    if version != str(SCHEMA_VERSION).encode():
        raise SchemaError(
            f"{path.name} has schema version {version.decode(errors='replace')}, this program "
            f"reads {SCHEMA_VERSION}; make the data sets anew with make datasets"
        )
    return metadata
