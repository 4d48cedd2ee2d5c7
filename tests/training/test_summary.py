from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from sklearn.metrics import balanced_accuracy_score, log_loss, roc_auc_score

from detector.contract import Labels
from training.metrics import Overlap, sweep
from training.outcome import Outcome, Regions, Row
from training.summary import by_group, compare, confusion, summarise

TRUTH = np.array([[True, True, False, False]])


def outcome(label: Labels, probabilities: list[float], **about: object) -> Outcome:
    row = Row(Path("a.png"), label, set=str(about.get("set", "")))
    regions = about.get("regions")
    assert regions is None or isinstance(regions, Regions)
    logprobs = np.log(probabilities)
    return Outcome(row, logprobs, 2.0, 0.5, "full", 0.5, regions, None)


def localised(f1_map: list[float], overlap: Overlap) -> Regions:
    return Regions(overlap, 0.4, 0.6, sweep(np.array([f1_map]), TRUTH), 0.7)


@pytest.fixture
def outcomes() -> list[Outcome]:
    """Two Natural (one right), one generated (right), one edited (wrong), by hand."""
    return [
        outcome(
            Labels.Natural, [0.7, 0.1, 0.1, 0.1], set="a", regions=Regions(Overlap(0, 0, 0))
        ),
        outcome(
            Labels.Natural, [0.2, 0.3, 0.4, 0.1], set="b", regions=Regions(Overlap(0, 1, 0))
        ),
        outcome(Labels.FullySynthesized, [0.1, 0.6, 0.2, 0.1], set="a"),
        outcome(
            Labels.LocallyEdited, [0.5, 0.1, 0.3, 0.1], set="a",
            regions=localised([0.9, 0.3, 0.7, 0.1], Overlap(1, 1, 1)),
        ),
    ]  # fmt: skip


def test_figures_by_hand(outcomes: list[Outcome]) -> None:
    found = {name: figure.value for name, figure in summarise(outcomes).items()}
    assert found["pictures"] == 4
    assert found["balanced_accuracy"] == pytest.approx((0.5 + 1 + 0) / 3)
    assert found["recall_Natural"] == 0.5
    assert found["false_alarms"] == 0.5
    losses = -np.log([0.7, 0.2, 0.6, 0.3])
    assert found["log_loss"] == pytest.approx(losses.mean())
    assert found["log_loss_Natural"] == pytest.approx(losses[:2].mean())
    # 1 - p(Natural): .3 and .8 against .9 and .5; three of four pairs are in order
    assert found["auc_natural"] == pytest.approx(3 / 4)
    assert found["auc_synthetic"] == 1.0  # the ratio: 1/7 and 3/2 against 6
    assert found["seconds_per_megapixel"] == 4.0
    assert "recall_LocallySynthesized" not in found


def test_figures_agree_with_scikit_learn() -> None:
    rng = np.random.default_rng(0)
    labels = np.arange(80) % 4
    probabilities = rng.dirichlet(np.ones(4), 80).round(2) + 0.001  # rounded: scores with ties
    probabilities /= probabilities.sum(1, keepdims=True)
    outcomes = [
        outcome(Labels(int(label)), row.tolist())
        for label, row in zip(labels, probabilities, strict=True)
    ]
    found = {name: figure.value for name, figure in summarise(outcomes).items()}
    assert found["balanced_accuracy"] == pytest.approx(
        balanced_accuracy_score(labels, probabilities.argmax(1))
    )
    assert found["log_loss"] == pytest.approx(log_loss(labels, probabilities))
    natural = -np.expm1(np.log(probabilities[:, 0]))
    assert found["auc_natural"] == pytest.approx(roc_auc_score(labels != 0, natural))
    two = labels < 2
    ratio = np.log(probabilities[two, 1]) - np.log(probabilities[two, 0])
    assert found["auc_synthetic"] == pytest.approx(roc_auc_score(labels[two] == 1, ratio))


def test_pixel_figures_by_hand(outcomes: list[Outcome]) -> None:
    found = {name: figure.value for name, figure in summarise(outcomes).items()}
    assert found["localised_pictures"] == 1
    assert found["pixel_f1"] == pytest.approx(0.5)
    assert found["pixel_iou"] == pytest.approx(1 / 3)
    assert found["iou_empty_counts_1"] == pytest.approx((1 + 0 + 1 / 3) / 3)
    assert found["iou_empty_left_out"] == pytest.approx((0 + 1 / 3) / 2)
    assert (found["map_f1"], found["map_f1_lenient"], found["pixel_auc"]) == (0.4, 0.6, 0.7)
    # of .9 .3 | .7 .1 above .1 to .28: both and one too many, F1 4/5
    assert found["map_f1_best"] == found["map_f1_own_best"] == pytest.approx(0.8)
    assert 0.1 <= found["map_best_threshold"] < 0.3


def test_intervals_hold_the_value_and_are_wide_for_few_pictures(outcomes: list[Outcome]) -> None:
    many = summarise(outcomes * 25, 200)["false_alarms"]
    few = summarise(outcomes, 200)["false_alarms"]
    assert many.interval is not None
    assert few.interval == (0.0, 1.0)
    assert 0.3 < many.interval.low < many.value < many.interval.high < 0.7


def test_groups_are_those_the_manifest_names(outcomes: list[Outcome]) -> None:
    groups = by_group(outcomes)
    assert list(groups) == ["label", "set"]
    assert list(groups["label"]) == ["Natural", "FullySynthesized", "LocallyEdited"]
    assert groups["set"]["a"]["pictures"].value == 3
    assert groups["set"]["b"]["balanced_accuracy"].value == 0


def test_confusion_has_true_labels_in_rows(outcomes: list[Outcome]) -> None:
    expected = [[1, 0, 1, 0], [0, 1, 0, 0], [1, 0, 0, 0], [0, 0, 0, 0]]
    assert confusion(outcomes).tolist() == expected


def test_a_model_compared_with_itself_does_not_differ(outcomes: list[Outcome]) -> None:
    found = compare(outcomes, outcomes, 50)
    assert all(figure.value == 0 for figure in found.values())
    assert found["balanced_accuracy"].interval == (0, 0)


def test_a_difference_is_other_minus_first(outcomes: list[Outcome]) -> None:
    better = [*outcomes[:3], outcome(Labels.LocallyEdited, [0.1, 0.1, 0.7, 0.1])]
    assert compare(outcomes, better)["balanced_accuracy"].value == pytest.approx(1 / 3)
