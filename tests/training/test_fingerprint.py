from __future__ import annotations

import math
from itertools import islice
from pathlib import Path
from unittest.mock import patch

import pytest
import torch

from detector.editscope.modeling import EditScopeModel
from tests.detector.editscope.test_modeling import TINY
from training import fingerprint
from training.fingerprint import TEMPERATURE, Patches, contrast, pretrain


def test_the_loss_of_four_patches_by_hand() -> None:
    prints = torch.tensor([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0], [0.0, 1.0]])
    loss, hits = contrast(prints, 2)
    e = math.exp(1 / TEMPERATURE)
    assert loss.item() == pytest.approx(-math.log(e / (e + 2)), rel=1e-3)
    assert hits.item() == 1.0


def test_patches_whose_like_is_far_cost_more() -> None:
    prints = torch.tensor([[1.0, 0.0], [0.0, 1.0], [1.0, 0.0], [0.0, 1.0]])
    loss, hits = contrast(prints, 2)
    e = math.exp(1 / TEMPERATURE)
    assert loss.item() == pytest.approx(-math.log(1 / (e + 2)), rel=1e-3)
    assert hits.item() == 0.0


def test_batches_are_seeded_and_can_start_anywhere(pack_folder: Path) -> None:
    with patch.object(fingerprint, "PICTURES", 2):
        first = list(islice(Patches(pack_folder, seed=3), 3))
        later = next(iter(Patches(pack_folder, seed=3, start=2)))
    assert first[0].shape == (2 * 2 * fingerprint.PATCHES, 3, fingerprint.PATCH, fingerprint.PATCH)
    assert first[0].dtype == torch.uint8
    assert torch.equal(first[2], later)
    assert not torch.equal(first[0], first[1])


def test_a_run_changes_the_noise_branch_alone_and_can_be_resumed(
    pack_folder: Path, tmp_path: Path
) -> None:
    weights = tmp_path / "weights"
    torch.manual_seed(0)
    EditScopeModel(TINY).save_pretrained(weights)
    with patch.object(fingerprint, "PICTURES", 2):
        pretrain(pack_folder, weights, tmp_path / "run", minutes=0.001, workers=0)
        first = (tmp_path / "run" / "losses.csv").read_text().splitlines()
        steps, spent = len(first), float(first[-1].split(",")[1])  # seconds: a busy machine's, too
        longer = spent / 60 + 0.002
        export = pretrain(pack_folder, weights, tmp_path / "run", minutes=longer, workers=0)
    before, after = (
        EditScopeModel.from_pretrained(folder, dtype=torch.float32).state_dict()
        for folder in (weights, export)
    )
    changed = {name.split(".")[0] for name in before if not torch.equal(before[name], after[name])}
    assert changed == {"noise"}
    rows = (tmp_path / "run" / "losses.csv").read_text().splitlines()
    assert [int(row.split(",")[0]) for row in rows] == list(range(1, len(rows) + 1))
    assert len(rows) > steps
