from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from detector.contract import Labels
from training import wholes
from training.compose import Draft
from training.wholes import Pictures, WholePictures


def test_a_draw_has_an_edit_its_original_and_a_generated_picture(pack_folder: Path) -> None:
    pictures = WholePictures(pack_folder, pack_folder.parent, seed=0)
    (edited, label), (natural, none), (generated, made) = pictures.draw(3)
    assert label in (Labels.LocallyEdited, Labels.LocallySynthesized)
    assert (none, made) == (Labels.Natural, Labels.FullySynthesized)
    assert min(*edited.shape[:2], *natural.shape[:2], *generated.shape[:2]) >= wholes.SMALLEST
    again = WholePictures(pack_folder, pack_folder.parent, seed=0).draw(3)
    np.testing.assert_array_equal(again[0][0], edited)


def test_pictures_come_from_training_sources_alone(pack_folder: Path) -> None:
    held = Pictures(pack_folder.parent, Labels.Natural)
    assert set(held._sources) == {"source1", "source3"}


def test_edits_are_made_of_the_store_and_of_the_pack(
    pack_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wholes, "READY_SHARE", 0.0)
    pictures = WholePictures(pack_folder, pack_folder.parent, seed=0)
    draft = pictures._draft(np.random.default_rng(0), 1.0)
    made: list[str] = []

    def make(kind: str, rng: np.random.Generator, side: int) -> Draft:
        made.append(kind)
        return draft

    monkeypatch.setattr(pictures._composer, "made", make)
    for seed in range(40):
        pictures._draft(np.random.default_rng(seed), 1.0)
    assert 2 <= len(made) < 20  # one in five


def test_reduced_pictures_are_reduced_alike_before_and_after_the_edit(
    pack_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wholes, "SMALLEST", 64)
    sizes = {}
    for share in (0.0, 1.0):
        monkeypatch.setattr(wholes, "REDUCED_SHARE", share)
        pictures = WholePictures(pack_folder, pack_folder.parent, seed=0)
        drawn = [pictures.draw(number) for number in range(6)]
        for edited, natural, _ in (draw for draw in drawn if len(draw) == 3):
            assert edited[0].shape == natural[0].shape
        sizes[share] = np.mean([draw[0][0].size for draw in drawn])
    assert sizes[1.0] < 0.8 * sizes[0.0]
