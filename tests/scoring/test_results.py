from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from pyarrow import parquet

from detector.contract import Labels
from scoring import results
from scoring.client import Reply
from scoring.results import ResultsError, judge
from tests.scoring.peers import SURE, body, malformed, mask_png, png, result, sample
from testsets.schema import Sample


def reply(status: int = 200, content: bytes = b"", **more: Any) -> Reply:
    return Reply(status, content, 0.25, **more)


def test_a_right_answer_is_compared_with_the_truth() -> None:
    judged = judge(sample(), reply(content=body(file=mask_png(9))))
    assert judged.succeeded
    assert judged.answer is Labels.LocallyEdited
    assert judged.overlap == (48, 24, 0)  # 8 rows: 6 of 9 columns right, 3 too many
    assert judged.mask == mask_png(9)
    assert judged.seconds == 0.25


def test_an_absent_mask_counts_as_empty() -> None:
    judged = judge(sample(), reply(content=body()))
    assert judged.succeeded
    assert judged.overlap == (0, 0, 48)
    assert not judged.has_mask


def test_a_wrong_mask_is_a_fault_and_not_scored() -> None:
    judged = judge(sample(), reply(content=body(file=png("L"))))
    assert not judged.succeeded
    assert judged.overlap is None
    assert judged.logprobs == tuple(SURE)
    assert judged.excerpt.startswith('{"logprobs"')


@pytest.mark.parametrize(
    "unknown",
    [sample(mask=None), sample(label=int(Labels.FullySynthesized)), sample(label=None, mask=None)],
)
def test_a_mask_whose_truth_is_not_known_is_not_scored(unknown: Sample) -> None:
    judged = judge(unknown, reply(content=body(file=mask_png(1))))
    assert judged.succeeded
    assert judged.overlap is None


@pytest.mark.parametrize(("status", "good"), [(400, True), (422, True), (500, False), (200, False)])
def test_any_status_will_do_that_keeps_the_contract(status: int, good: bool) -> None:
    judged = judge(malformed(), reply(status, b'{"detail": "no"}'))
    assert judged.succeeded == good
    if not good:
        assert judged.faults == (f"status {status} instead of 400 or 422",)


def test_exact_wants_our_own_status_and_code() -> None:
    ours = b'{"error": {"code": "malformed_json", "message": "No."}}'
    other = ours.replace(b"malformed_json", b"empty_body")
    assert judge(malformed(), reply(400, ours), exact=True).succeeded
    assert judge(malformed(), reply(422, ours), exact=True).faults == (
        "status 422, where EditScope answers 400",
    )
    assert judge(malformed(), reply(400, other), exact=True).faults == (
        "error code empty_body, where EditScope answers malformed_json",
    )
    assert not judge(malformed(), reply(400, b"[]"), exact=True).succeeded


def test_no_answer_is_a_fault() -> None:
    judged = judge(sample(), reply(0, error="no answer within 30 s"))
    assert judged.faults == ("no answer within 30 s",)
    assert judged.answer is None


def test_results_are_kept_as_they_are(tmp_path: Path) -> None:
    kept = [result(), result(1, faults=("one", "two"), logprobs=(), mask=None, hit=None)]
    results.write(tmp_path / "run.parquet", "http://here", kept)
    assert results.read(tmp_path / "run.parquet") == ("http://here", kept)


def test_what_is_no_table_of_results_is_refused(tmp_path: Path) -> None:
    (tmp_path / "text.parquet").write_text("no")
    parquet.write_table(pa.table({"a": [1]}), tmp_path / "other.parquet")
    for name, words in (("text", "not a Parquet file"), ("other", "no results of version 1")):
        with pytest.raises(ResultsError, match=words):
            results.read(tmp_path / f"{name}.parquet")
