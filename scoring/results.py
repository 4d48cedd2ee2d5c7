"""What came of every sample, as a table that is kept: one row is one request and its answer.

Version 1. Two files are compared by `scoring.diff`.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path

import pyarrow as pa
from pyarrow import parquet

from detector.contract import Labels
from scoring.client import Reply
from scoring.contract_check import Checked, check, decode_mask, excerpt
from testsets.schema import Sample
from training.metrics import Overlap, overlap

SCHEMA_VERSION = 1
VERSION_KEY = b"editscope.results_version"  # in the Parquet file's key-value metadata
SERVICE_KEY = b"editscope.service"  # the address that was asked
OK = 200
LOCALISED = (Labels.Natural, Labels.LocallyEdited, Labels.LocallySynthesized)


class ResultsError(ValueError):
    """A file is not a table of results, or of a version that this code does not read."""


@dataclass(frozen=True)
class Result:
    """One answer judged.

    Attributes:
        sample_id, dataset, category, case, input_id, label, width, height: as in the sample.
        expected_status: what EditScope answers.
        status: what came; 0 if nothing did.
        code: machine-readable code of an error answer, where there is one in EditScope's form.
        faults: what is wrong, each in a few words; none if the sample succeeded.
        seconds: from sending to the last byte, or to giving up.
        logprobs: four numbers, or none if there is no valid answer.
        mask: the answered mask's PNG if it is valid; `has_mask` is whether any was answered.
        hit, false_alarm, missed: pixels of the answered mask beside the truth, an absent mask
            counted as empty; None where the truth is not known: the challenge does not say what
            the mask of a FullySynthesized picture is.
        excerpt: the start of an answer that is at fault.
    """

    sample_id: str
    dataset: str
    category: str
    case: str
    input_id: str
    expected_status: int
    status: int
    code: str | None
    faults: tuple[str, ...]
    seconds: float
    label: int | None
    width: int | None
    height: int | None
    logprobs: tuple[float, ...]
    mask: bytes | None
    has_mask: bool
    hit: int | None
    false_alarm: int | None
    missed: int | None
    excerpt: str

    @property
    def succeeded(self) -> bool:
        return not self.faults

    @property
    def answer(self) -> Labels | None:
        """The label with the greatest log-probability."""
        return Labels(self.logprobs.index(max(self.logprobs))) if self.logprobs else None

    @property
    def overlap(self) -> Overlap | None:
        if self.hit is None or self.false_alarm is None or self.missed is None:
            return None
        return Overlap(self.hit, self.false_alarm, self.missed)


SCHEMA = pa.schema(
    {
        "sample_id": pa.string(),
        "dataset": pa.string(),
        "category": pa.string(),
        "case": pa.string(),
        "input_id": pa.string(),
        "expected_status": pa.int16(),
        "status": pa.int16(),
        "code": pa.string(),
        "faults": pa.list_(pa.string()),
        "seconds": pa.float64(),
        "label": pa.int8(),
        "width": pa.int32(),
        "height": pa.int32(),
        "logprobs": pa.list_(pa.float64()),
        "mask": pa.binary(),
        "has_mask": pa.bool_(),
        "hit": pa.int64(),
        "false_alarm": pa.int64(),
        "missed": pa.int64(),
        "excerpt": pa.string(),
    }
)


def judge(sample: Sample, reply: Reply, *, exact: bool = False) -> Result:
    """Compare an answer with the contract and the truth.

    Args:
        exact: the status and the error code must be EditScope's; else any status will do that
            keeps the contract.
    """
    size = None
    if sample.width is not None and sample.height is not None:
        size = (sample.width, sample.height)
    code = error_code(reply)
    faults = list(status_faults(sample, reply, code, exact))
    checked = Checked(())
    if reply.status == OK and OK in sample.accepted_statuses:
        checked = check(reply.body, size)
        faults += checked.faults
    counts = region(sample, checked) if checked.logprobs else None
    return Result(
        sample_id=sample.sample_id,
        dataset=sample.dataset,
        category=sample.category,
        case=sample.case,
        input_id=sample.input_id,
        expected_status=sample.expected_status,
        status=reply.status,
        code=code,
        faults=tuple(faults),
        seconds=reply.seconds,
        label=sample.label,
        width=sample.width,
        height=sample.height,
        logprobs=checked.logprobs,
        mask=checked.mask_png,
        has_mask=checked.has_mask,
        hit=counts and counts.hit,
        false_alarm=counts and counts.false_alarm,
        missed=counts and counts.missed,
        excerpt=excerpt(reply.body) if faults else "",
    )


def status_faults(sample: Sample, reply: Reply, code: str | None, exact: bool) -> list[str]:
    if reply.error:
        return [reply.error]
    if exact and reply.status != sample.expected_status:
        return [f"status {reply.status}, where EditScope answers {sample.expected_status}"]
    if reply.status not in sample.accepted_statuses:
        return [f"status {reply.status} instead of {one_of(sample.accepted_statuses)}"]
    if exact and code != sample.error_code:
        return [f"error code {code}, where EditScope answers {sample.error_code}"]
    return []


def region(sample: Sample, checked: Checked) -> Overlap | None:
    """Pixels of the answered mask beside the true one, where there is a true one.

    Raises:
        ValueError: the data set's mask is damaged.
    """
    if sample.label not in LOCALISED or sample.mask is None:
        return None
    truth = decode_mask(sample.mask)
    if checked.mask is not None:
        return overlap(checked.mask, truth)
    return None if checked.has_mask else Overlap(0, 0, int(truth.sum()))


def error_code(reply: Reply) -> str | None:
    """The code of an error answer in EditScope's form; other services have other forms."""
    if reply.status in (0, OK):
        return None
    try:
        code = json.loads(reply.body)["error"]["code"]
    except (ValueError, LookupError, TypeError, RecursionError):
        return None
    return code if isinstance(code, str) else None


def one_of(statuses: Sequence[int]) -> str:
    *others, last = [str(status) for status in statuses]
    return f"{', '.join(others)} or {last}" if others else last


def write(path: Path, service: str, results: Sequence[Result]) -> None:
    """Keep results as Parquet, zstd."""
    names = [item.name for item in fields(Result)]
    rows = [{name: getattr(result, name) for name in names} for result in results]
    metadata = {VERSION_KEY: str(SCHEMA_VERSION).encode(), SERVICE_KEY: service.encode()}
    table = pa.Table.from_pylist(rows, SCHEMA.with_metadata(metadata))
    parquet.write_table(table, path, compression="zstd")


def read(path: Path) -> tuple[str, list[Result]]:
    """The address that was asked, and the results.

    Raises:
        ResultsError: the file is no table of results of this version.
        OSError: it cannot be read.
    """
    try:
        table = parquet.read_table(path)
    except pa.ArrowInvalid as error:
        raise ResultsError(f"{path} is not a Parquet file.") from error
    metadata = table.schema.metadata or {}
    if metadata.get(VERSION_KEY) != str(SCHEMA_VERSION).encode():
        raise ResultsError(f"{path} holds no results of version {SCHEMA_VERSION}.")
    rows = table.to_pylist()
    for row in rows:
        row["faults"], row["logprobs"] = tuple(row["faults"]), tuple(row["logprobs"])
    return metadata[SERVICE_KEY].decode(), [Result(**row) for row in rows]
