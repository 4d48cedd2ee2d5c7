from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from detector.contract import Labels
from training import compose, history
from training.compose import Composer, Sample
from training.pack import Pack


@pytest.fixture(scope="module")
def samples(pack_folder: Path) -> list[Sample]:
    composer = Composer(Pack(pack_folder), 128, seed=0)
    return [composer.sample(index) for index in range(60)]


def test_masks_say_what_the_label_says(samples: list[Sample]) -> None:
    for sample in samples:
        assert sample.image.shape == (128, 128, 3)
        values = set(np.unique(sample.mask).tolist())
        if sample.label == Labels.Natural:
            assert values == {compose.PRISTINE}
        elif sample.label == Labels.FullySynthesized:
            assert values == {compose.SYNTHESIZED}
        elif sample.label == Labels.LocallyEdited:
            assert values == {compose.PRISTINE, compose.EDITED}
        else:
            assert values == {compose.PRISTINE, compose.SYNTHESIZED}


def test_every_class_and_most_kinds_occur(samples: list[Sample]) -> None:
    assert {sample.label for sample in samples} == set(Labels)
    assert len({sample.kind for sample in samples}) >= 7


def test_the_same_number_gives_the_same_sample(pack_folder: Path) -> None:
    first = Composer(Pack(pack_folder), 128, seed=0).sample(7)
    again = Composer(Pack(pack_folder), 128, seed=0).sample(7)
    other = Composer(Pack(pack_folder), 128, seed=1).sample(7)
    np.testing.assert_array_equal(first.image, again.image)
    np.testing.assert_array_equal(first.mask, again.mask)
    assert not np.array_equal(first.image, other.image)


def test_an_aligned_pair_differs_by_the_manipulation_alone(
    pack_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(compose, "ALIGNED_SHARE", 1.0)
    monkeypatch.setattr(compose, "ALIGNED_SHARES", {Labels.LocallyEdited: 1.0})
    monkeypatch.setitem(compose.SHARES, Labels.LocallyEdited, {"splice": 1.0})
    monkeypatch.setattr(history, "after", lambda picture, rng: picture)
    monkeypatch.setattr(compose, "_scale", lambda rng: 1.0)
    composer = Composer(Pack(pack_folder), 128, seed=3)
    for number in range(8):
        edited, natural = composer.sample(2 * number), composer.sample(2 * number + 1)
        assert (edited.label, natural.label) == (Labels.LocallyEdited, Labels.Natural)
        assert not natural.mask.any()
        far = cv2.dilate((edited.mask > 0).astype(np.uint8), np.ones((41, 41), np.uint8)) == 0
        np.testing.assert_array_equal(edited.image[far], natural.image[far])
        assert not np.array_equal(edited.image, natural.image)


def test_classes_come_in_the_shares_that_were_asked_for(pack_folder: Path) -> None:
    composer = Composer(Pack(pack_folder), 64, seed=1)
    labels = np.array([composer.sample(index).label for index in range(600)])
    shares = np.bincount(labels, minlength=4) / labels.size
    np.testing.assert_allclose(shares, [0.28, 0.20, 0.30, 0.22], atol=0.06)


def test_matched_donors_have_the_colours_of_the_scene(
    pack_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    composer = Composer(Pack(pack_folder), 128, seed=0)
    base = composer._real.draw(np.random.default_rng(0), 128, 128).image
    gaps = {}
    for share in (0.0, 1.0):
        monkeypatch.setattr(compose, "MATCHED_SHARE", share)
        drawn = [
            composer._donor(composer._fake, base, np.random.default_rng(seed)) for seed in range(30)
        ]
        gaps[share] = np.mean([compose._colour_gap(scene.image, base) for scene in drawn])
    assert gaps[1.0] < 0.9 * gaps[0.0]


def test_the_gap_between_colours_is_that_of_means_and_spreads() -> None:
    flat = np.full((16, 16, 3), 100, np.uint8)
    striped = flat.copy()
    striped[8:] = 140  # mean 120, spread 20, where every eighth row is looked at
    assert compose._colour_gap(flat, flat) == 0
    assert compose._colour_gap(flat, striped) == 20
