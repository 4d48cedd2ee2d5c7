from __future__ import annotations

import pytest
import torch

from detector.editscope.modeling import Output
from training.loss import losses, targets


def test_targets_are_shares_of_each_cell() -> None:
    mask = torch.zeros(1, 4, 8, dtype=torch.uint8)
    mask[0, :2, :4] = 1
    mask[0, :, 4:] = 2
    shares = targets(mask)
    assert shares.shape == (1, 3, 1, 2)
    assert shares[0, :, 0, 0].tolist() == [0.5, 0.5, 0.0]
    assert shares[0, :, 0, 1].tolist() == [0.0, 0.0, 1.0]


def perfect(mask: torch.Tensor, label: int) -> Output:
    scores = torch.full((1, 3, mask.shape[1] // 4, mask.shape[2] // 4), -20.0)
    scores.scatter_(1, mask[:, None, ::4, ::4].long(), 20.0)
    labels = torch.full((1, 4), -20.0)
    labels[0, label] = 20.0
    return Output(labels, scores)


def test_a_perfect_answer_costs_next_to_nothing_and_a_wrong_one_much() -> None:
    mask = torch.zeros(1, 16, 16, dtype=torch.uint8)
    mask[0, :8, :8] = 1
    right = losses(perfect(mask, 2), mask, torch.tensor([2]))
    wrong = losses(perfect(mask * 0, 0), mask, torch.tensor([2]))
    assert right.map < 1e-3
    assert right.dice < 1e-3
    assert wrong.map > 5
    assert wrong.dice == pytest.approx(1 - 1 / 5)  # nothing claimed of 4 cells, smoothed by one
    assert wrong.total > right.total + 10


def test_dice_counts_only_local_labels() -> None:
    mask = torch.full((1, 16, 16), 2, dtype=torch.uint8)
    output = perfect(mask * 0, 1)
    assert losses(output, mask, torch.tensor([1])).dice == 0
