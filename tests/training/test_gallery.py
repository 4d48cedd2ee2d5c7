from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from detector.contract import Labels
from tests.fakes import half_bright
from training.gallery import EACH, FEW, chosen, draw
from training.outcome import Outcome, Row


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    Image.fromarray(half_bright()).save(tmp_path / "a.png")
    return tmp_path / "a.png"


def outcome(picture: Path, label: Labels, probability: float) -> Outcome:
    """A picture of that label, called by its name with that probability."""
    logprobs = np.full(4, np.log((1 - probability) / 3))
    logprobs[label] = np.log(probability)
    return Outcome(Row(picture, label), logprobs, 0.1, 0.1, "full", 0.5, None, None)


def test_the_best_and_the_worst_of_every_label(picture: Path) -> None:
    chances = (0.1, 0.3, 0.5, 0.7, 0.9)
    outcomes = [outcome(picture, label, p) for label in Labels for p in chances]
    for best, expected in ((True, [0.9, 0.7]), (False, [0.1, 0.3])):
        shown = chosen(outcomes, best)
        assert [item.row.label for item in shown] == [each for each in Labels for _ in range(EACH)]
        found = [round(float(np.exp(item.logprobs[item.row.label])), 3) for item in shown[:EACH]]
        assert found == expected


@pytest.mark.parametrize(
    ("count", "files"),
    [
        (0, set()),
        (1, {"answers.jpg"}),
        (FEW, {"answers.jpg"}),
        (FEW + 1, {"best.jpg", "worst.jpg"}),
    ],
)
def test_a_few_answers_are_all_shown(
    picture: Path, tmp_path: Path, count: int, files: set[str]
) -> None:
    out = tmp_path / "out"
    out.mkdir()
    outcomes = [outcome(picture, Labels(n % 4), 0.1 * (n + 1)) for n in range(count)]
    assert set(draw(outcomes, out)) == files
    assert {path.name for path in out.iterdir()} == files
    for name in files:
        with Image.open(out / name) as sheet:
            assert min(sheet.size) > 100
