from __future__ import annotations

import math

import pytest

from detector.contract import Labels
from scoring.accuracy import score
from tests.scoring.peers import result

SURE_OF = {
    label: tuple(math.log(0.7 if other is label else 0.1) for other in Labels) for label in Labels
}


def test_figures_by_hand() -> None:
    edited = {"label": 2, "logprobs": SURE_OF[Labels.LocallyEdited]}
    natural = {"label": 0, "hit": 0, "false_alarm": 0, "missed": 0}
    found = score(
        [
            result(0, **natural, logprobs=SURE_OF[Labels.Natural]),
            result(1, **natural, logprobs=SURE_OF[Labels.LocallyEdited]),
            result(2, **edited, hit=4, false_alarm=4, missed=0),
            result(3, **edited, hit=0, missed=4, has_mask=False),
            result(4, label=1, logprobs=(), faults=("status 500",)),
        ],
        resamples=0,
    )  # fmt: skip
    assert found is not None
    assert (found.labelled, found.scored, found.masks, found.unmasked) == (5, 4, 4, 1)
    figures = {name: figure.value for name, figure in found.figures.items()}
    assert figures["balanced_accuracy"] == pytest.approx(0.75)  # 1 of 2, 2 of 2
    assert figures["false_alarms"] == pytest.approx(0.5)
    assert figures["ece"] == pytest.approx(0.05)  # 0.7 sure, 0.75 right
    assert figures["pixel_f1"] == pytest.approx((2 / 3 + 0) / 2)  # 8 / (8 + 4)
    assert figures["pixel_iou"] == pytest.approx((0.5 + 0) / 2)
    assert found.confusion == [[1, 0, 1, 0], [0, 0, 0, 0], [0, 0, 2, 0], [0, 0, 0, 0]]


def test_intervals_are_there_when_asked_for() -> None:
    found = score([result(i, hit=i, missed=20 - i) for i in range(20)], resamples=50)
    assert found is not None
    interval = found.figures["pixel_f1"].interval
    assert interval is not None
    assert interval.low < found.figures["pixel_f1"].value < interval.high


def test_nothing_labelled_is_not_scored() -> None:
    assert score([result(label=None), result(logprobs=())]) is None
