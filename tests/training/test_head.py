from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from torch import nn

from detector.contract import Labels
from training import head
from training.head import Pictures, WholePictures, fit


def test_the_head_learns_what_vectors_tell() -> None:
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 4, 400)
    vectors = (np.eye(4)[labels] + rng.normal(0, 0.2, (400, 4))).astype(np.float32)
    torch.manual_seed(0)
    layer = nn.Sequential(nn.Linear(4, 16), nn.ReLU(), nn.Linear(16, 4))
    before, after = fit(layer, vectors, labels, np.arange(400), seed=0)
    assert after < 0.8 * before


def test_a_head_that_only_gets_worse_stays_as_it_was() -> None:
    rng = np.random.default_rng(0)
    labels = np.arange(300) % 4
    kept = np.arange(300) % head.FOLDS == 0
    vectors = (np.eye(4)[labels] * np.where(kept, 8, -8)[:, None]).astype(np.float32)
    vectors += rng.normal(0, 0.01, vectors.shape).astype(np.float32)
    layer = nn.Linear(4, 4)
    with torch.no_grad():
        layer.weight.copy_(torch.eye(4))
        layer.bias.zero_()
    before, after = fit(layer, vectors, labels, np.arange(300), seed=0)
    assert after == before
    torch.testing.assert_close(layer.weight.detach(), torch.eye(4))


def test_a_draw_has_an_edit_its_original_and_a_generated_picture(pack_folder: Path) -> None:
    pictures = WholePictures(pack_folder, pack_folder.parent, seed=0)
    (edited, label), (natural, none), (generated, made) = pictures.draw(3)
    assert label in (Labels.LocallyEdited, Labels.LocallySynthesized)
    assert (none, made) == (Labels.Natural, Labels.FullySynthesized)
    assert min(*edited.shape[:2], *natural.shape[:2], *generated.shape[:2]) >= head.SMALLEST
    again = WholePictures(pack_folder, pack_folder.parent, seed=0).draw(3)
    np.testing.assert_array_equal(again[0][0], edited)


def test_pictures_come_from_training_sources_alone(pack_folder: Path) -> None:
    held = Pictures(pack_folder.parent, Labels.Natural)
    assert set(held._sources) == {"source1", "source3"}
