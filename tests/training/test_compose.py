from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from detector.contract import Labels
from training import compose
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


def test_held_out_sources_are_never_drawn(
    pack_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(compose, "HELD_OUT", {"source1"})
    composer = Composer(Pack(pack_folder), 128, seed=0)
    drawn = {composer.pack.entries[i].source for i in composer._real._index}
    assert drawn == {"source3"}
