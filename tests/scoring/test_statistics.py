"""Figures worked out by hand."""

from __future__ import annotations

import pytest

from scoring.statistics import Latency, totals
from tests.scoring.peers import result


def test_latency_of_ten_answers() -> None:
    found = Latency.of([0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 2.0])
    assert found is not None
    assert found.average == pytest.approx(0.65)
    assert found.median == pytest.approx(0.55)
    assert found.p95 == pytest.approx(0.9 + 0.55 * 1.1)  # place 8.55 of 0..9
    assert found.maximum == 2.0


def test_nothing_answered_has_no_latency() -> None:
    assert Latency.of([]) is None


def test_totals() -> None:
    failed = {"faults": ("status 500",), "status": 500, "logprobs": ()}
    found = totals(
        [
            result(0, dataset="edge_case_01", category="edge_case"),
            result(1, dataset="edge_case_01", category="edge_case", **failed),
            result(2, dataset="edge_case_02", category="edge_case"),
            result(3),
            result(4, status=0, seconds=30.0, faults=("no answer",), logprobs=()),
        ],
        duration_s=8.0,
    )
    assert [item.name for item in found.datasets] == [
        "standard_test_01", "edge_case_01", "edge_case_02"
    ]  # fmt: skip
    assert found.successful_datasets == 1
    assert found.success_rate == pytest.approx(3 / 5)
    assert found.unanswered == 1
    assert found.requests_per_second == pytest.approx(4 / 8)
    assert found.latency is not None
    assert found.latency.maximum == 0.1  # what was not answered is not in it
    standard, edge = found.categories
    assert (standard.datasets, standard.samples, standard.success_rate) == (1, 2, 0.5)
    assert (edge.datasets, edge.samples, edge.success_rate) == (2, 3, 0.75)  # of 0.5 and 1


def test_a_service_that_does_not_repeat_itself_is_noticed() -> None:
    found = totals(
        [
            result(0, input_id="a"),
            result(1, input_id="a", mask=None),
            result(2, input_id="b"),
            result(3, input_id="b"),
            result(4, input_id="c"),
        ],
        1.0,
    )
    assert (found.repeated, found.unrepeatable) == (2, 1)
