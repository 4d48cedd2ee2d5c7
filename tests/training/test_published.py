from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from detector.contract import Labels
from training import published
from training.published import FILE_NAME, Published

COLUMNS = ["path", "label", "mask_path", "original_path", "source"]
REGION = (slice(120, 200), slice(220, 330))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An edit without its original, and an inpainted picture with it."""
    original = np.full((300, 400, 3), 90, np.uint8)
    picture, mask = original.copy(), np.zeros((300, 400), np.uint8)
    picture[REGION], mask[REGION] = 250, 255
    for name, pixels in (("p", picture), ("m", mask), ("o", original)):
        Image.fromarray(pixels).save(tmp_path / f"{name}.png")
    rows = [
        ["p.png", "LocallyEdited", "m.png", "", "a"],
        ["p.png", "LocallySynthesized", "m.png", "o.png", "b"],
    ]
    with (tmp_path / FILE_NAME).open("w", newline="") as file:
        csv.writer(file).writerows([COLUMNS, *rows])
    return tmp_path


def test_windows_show_the_manipulation_under_its_mask(folder: Path) -> None:
    published = Published(folder)
    for seed in range(20):
        rng = np.random.default_rng(seed)
        image, mask, pristine = published.draw(Labels.LocallyEdited, rng, 96, 160)
        assert pristine is None
        assert image.shape[:2] == mask.shape
        assert min(mask.shape) >= 96
        assert mask.any()
        assert image[mask].mean() > 220
        assert image[~mask].mean() < 130


def test_the_original_is_cut_alike(folder: Path) -> None:
    published = Published(folder)
    for seed in range(20):
        rng = np.random.default_rng(seed)
        image, mask, pristine = published.draw(Labels.LocallySynthesized, rng, 96, 160)
        assert pristine is not None
        assert pristine.shape == image.shape
        assert pristine.max() <= 92  # a bicubic filter may overshoot a little
        assert image[mask].mean() > 220


def test_a_whole_picture_keeps_its_proportions(folder: Path) -> None:
    published = Published(folder)
    for seed in range(8):
        image, mask, _ = published.whole(
            Labels.LocallySynthesized, np.random.default_rng(seed), 200
        )
        height, width = mask.shape
        assert image.shape == (height, width, 3)
        assert 200 <= height <= 300
        assert abs(width / height - 4 / 3) < 0.01
        assert abs(mask.mean() - 80 * 110 / (300 * 400)) < 0.01


def test_a_large_source_does_not_drown_a_small_one(folder: Path) -> None:
    Image.fromarray(np.full((300, 400, 3), 10, np.uint8)).save(folder / "dark.png")
    with (folder / FILE_NAME).open("a", newline="") as file:
        rows = [["dark.png", "LocallyEdited", "m.png", "", "large"]] * 100
        csv.writer(file).writerows(rows)
    published, rng = Published(folder), np.random.default_rng(0)
    bright = [
        published.draw(Labels.LocallyEdited, rng, 96, 160).image.max() > 99 for _ in range(99)
    ]
    assert 2 <= sum(bright) <= 20  # one in eleven is expected, one in 101 by pictures


def test_there_is_nothing_without_a_list_or_for_validation(folder: Path, tmp_path: Path) -> None:
    assert Published(folder).has(Labels.LocallySynthesized)
    assert not Published(folder).has(Labels.Natural)
    assert not Published(folder, empty=True).has(Labels.LocallyEdited)
    (tmp_path / "none").mkdir()
    assert not Published(tmp_path / "none").has(Labels.LocallyEdited)


def test_what_people_made_by_hand_comes_more_often(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(published, "BY_HAND", {"hand"})
    with (folder / FILE_NAME).open("a", newline="") as file:
        csv.writer(file).writerow(["o.png", "LocallyEdited", "m.png", "", "hand"])
    pictures = Published(folder)
    drawn = [
        pictures.whole(Labels.LocallyEdited, np.random.default_rng(seed), 96).image.max() < 200
        for seed in range(200)
    ]
    assert 0.65 < np.mean(drawn) < 0.85  # three in four
