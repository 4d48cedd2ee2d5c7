from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from training.published import FILE_NAME, Published


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    picture = np.full((300, 400, 3), 90, np.uint8)
    mask = np.zeros((300, 400), np.uint8)
    picture[120:200, 220:330], mask[120:200, 220:330] = 250, 255
    Image.fromarray(picture).save(tmp_path / "p.png")
    Image.fromarray(mask).save(tmp_path / "m.png")
    with (tmp_path / FILE_NAME).open("w", newline="") as file:
        csv.writer(file).writerows([["path", "mask_path"], ["p.png", "m.png"]])
    return tmp_path


def test_windows_show_the_manipulation_under_its_mask(folder: Path) -> None:
    published = Published(folder)
    for seed in range(20):
        image, mask = published.draw(np.random.default_rng(seed), 96, 160)
        assert image.shape[:2] == mask.shape
        assert min(mask.shape) >= 96
        assert mask.any()
        assert image[mask].mean() > 220
        assert image[~mask].mean() < 130


def test_there_is_nothing_without_a_list_or_for_validation(folder: Path, tmp_path: Path) -> None:
    assert len(Published(folder)) == 1
    assert len(Published(folder, empty=True)) == 0
    (tmp_path / "none").mkdir()
    assert len(Published(tmp_path / "none")) == 0
