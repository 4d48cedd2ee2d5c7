from __future__ import annotations

import math

import pytest

from detector.contract import Labels
from scoring.diff import differ
from scoring.printed import difference
from tests.scoring.peers import SURE, mask_png, result

OTHER = tuple(math.log(p) for p in (0.7, 0.1, 0.1, 0.1))  # Natural
FAILED = {"status": 500, "faults": ("status 500",), "logprobs": (), "mask": None, "has_mask": False}


def test_two_equal_runs() -> None:
    runs = [[result(0), result(1, **FAILED)] for _ in range(2)]
    found = differ(("a", "b"), *runs)
    assert found.changes == ()
    assert found.compared == 2
    assert "Unchanged: 2" in difference(found)


def test_what_changed_is_told_the_gravest_first() -> None:
    nudged = tuple(value + 1e-4 for value in SURE)
    first = [result(i) for i in range(5)] + [result(5, **FAILED), result(9)]
    other = [
        result(0),
        result(1, logprobs=nudged),
        result(2, mask=mask_png(3)),
        result(3, logprobs=OTHER, mask=None, has_mask=False),
        result(4, **FAILED),
        result(5),
        result(10),
    ]
    found = differ(("a", "b"), first, other)
    assert [item.sample_id[-1] for item in found.changes] == ["4", "5", "3", "2", "1"]
    assert (found.compared, found.only_first, found.only_other) == (6, 1, 1)
    assert (found.statuses, found.labels, found.fixed, found.broken) == (2, 1, 1, 1)
    by_id = {item.sample_id[-1]: item for item in found.changes}
    assert by_id["1"].shift == pytest.approx(1e-4)
    assert by_id["2"].mask_iou == pytest.approx(0.5)  # 3 of 6 columns
    assert by_id["3"].mask_iou == 0  # an absent mask is an empty one
    assert by_id["3"].labels == (Labels.LocallyEdited, Labels.Natural)
    text = difference(found)
    assert "standard_test_01/0004 (picture 4): status 200 -> 500, now failed" in text
    assert "label LocallyEdited -> Natural" in text
    assert "Right before, failed now: 1" in text


def test_the_same_name_for_another_request_is_no_pair() -> None:
    found = differ(("a", "b"), [result(0)], [result(0, input_id="another")])
    assert (found.compared, found.only_first, found.only_other) == (0, 1, 1)
