from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from detector.contract import Labels
from training.audit import audit, judge, limit
from training.compose import Composer, Sample
from training.pack import Pack

COUNT, SIDE = 200, 96  # few and small, for the sake of the test suite


@pytest.fixture(scope="module")
def stream(pack_folder: Path) -> list[Sample]:
    composer = Composer(Pack(pack_folder), SIDE, seed=0)
    return [composer.sample(number) for number in range(COUNT)]


def test_the_training_stream_is_fair(stream: list[Sample]) -> None:
    found = audit(stream)
    assert found.samples == COUNT
    assert found.passed, str(found)


QUALITIES = {Labels.Natural: 60, Labels.LocallyEdited: 75, Labels.LocallySynthesized: 90}


def recompressed(samples: list[Sample]) -> Iterator[Sample]:
    """A bias of published sets: generated pictures as PNG, each other label its own JPEG."""
    for sample in samples:
        if sample.label == Labels.FullySynthesized:
            yield sample
        else:
            buffer = io.BytesIO()
            quality = QUALITIES[Labels(sample.label)]
            Image.fromarray(sample.image).save(buffer, "JPEG", quality=quality)
            yield replace(sample, image=np.asarray(Image.open(buffer)))


def test_a_stream_whose_formats_tell_the_label_is_caught(stream: list[Sample]) -> None:
    found = audit(recompressed(stream))
    assert not found.passed, str(found)
    assert found.pairs["Natural / FullySynthesized"] > 0.7
    assert "BIASED" in str(found)


def test_a_stream_whose_sizes_tell_the_label_is_caught() -> None:
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 4, COUNT)
    rows = [{"height": float(100 + label), "noise": rng.random()} for label in labels]
    found = judge(rows, labels)
    assert found.balanced_accuracy > 0.95
    assert found.alone["height"] > 0.95
    assert found.alone["noise"] < found.limit
    assert found.means["height"]["LocallyEdited"] == 102


def test_pairs_of_one_scene_do_not_help() -> None:
    """Each pair shares a random feature; a classifier that saw the partner would invert it."""
    rng = np.random.default_rng(1)
    labels = np.tile([0, 1, 2, 3], COUNT // 4)
    values = np.repeat(rng.random(COUNT // 2), 2)
    found = judge([{"scene": float(value)} for value in values], labels)
    assert found.passed
    assert found.interval.low < 0.25 < found.interval.high


def test_the_limit_by_hand() -> None:
    # 400 of each: sqrt(4 * .25 * .75 / 400) / 4 = .0108
    assert limit(np.full(4, 400)) == pytest.approx(0.25 + 3 * 0.0108 + 0.04, abs=1e-4)
    assert limit(np.full(4, 40)) > limit(np.full(4, 400))
