from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from training import validation

COLUMNS = [
    *("path", "mask_path", "original_path", "label", "source", "kind"),
    *("width", "height", "edited_share"),
]


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """A table of collected edits: one of each destiny."""
    rows = [
        ("trained", "voc_splice", 500, 375, 0.1),
        ("narrow", "voc_splice", 500, 200, 0.1),
        ("mostly", "voc_splice", 500, 375, 0.7),
        ("calibrated", "comofod", 512, 512, 0.1),
        ("reported", "somebody_else", 800, 600, 0.1),
        ("unreadable", "somebody_else", 800, 600, 0.1),
        ("huge", "somebody_else", 8000, 6000, 0.1),
    ]
    with (tmp_path / "edited.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        for name, source, width, height, share in rows:
            suffix = "tif" if name == "unreadable" else "jpg"
            paths = (f"{name}.{suffix}", f"{name}_mask.png", f"{name}_original.png")
            writer.writerow([*paths, "LocallyEdited", source, "splice", width, height, share])
    return tmp_path


def test_every_collected_set_goes_to_one_purpose(store: Path) -> None:
    calibration, report, training = (
        [Path(row["path"]).stem for row in rows] for rows in validation.collected(store)
    )
    assert calibration == ["calibrated"]
    assert report == ["reported"]
    assert training == ["trained"]
    assert not validation.TRAINED & validation.CALIBRATED


def indexed(store: Path, sources: dict[str, int]) -> None:
    with (store / "index.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["path", "label", "source", "generator_or_camera", "width", "height"])
        for source, count in sources.items():
            for number in range(count):
                writer.writerow([f"{source}{number}.jpg", "Natural", source, "", 800, 600])


def test_no_held_out_picture_serves_two_purposes(tmp_path: Path) -> None:
    sources = {"kavala": 60, "immich": 9, "grip_originals": 40, "kangaroo_dataset": 30}
    indexed(tmp_path, sources)
    calibration, report = validation.held_out(tmp_path, np.random.default_rng(0))
    paths = [{row["path"] for row in rows} for rows in (calibration, report)]
    assert not paths[0] & paths[1]
    counts = [
        [sum(row["source"] == source for row in rows) for source in sources]
        for rows in (calibration, report)
    ]
    most, spare = validation.PER_SOURCE, validation.SPARE
    assert counts == [[most + spare, 4 + 1, 0, validation.EACH], [most, 4, most, 0]]


def test_more_to_calibrate_on_leaves_the_report_as_it_was(tmp_path: Path) -> None:
    reports = []
    for more in ({}, {"kangaroo_dataset": 30}):
        indexed(tmp_path, {"kavala": 60, "immich": 9, **more})
        reports.append(validation.held_out(tmp_path, np.random.default_rng(0))[1])
    assert reports[0] == reports[1]


def test_training_gets_the_original_too(store: Path, tmp_path: Path) -> None:
    _, _, training = validation.collected(store)
    out = tmp_path / "pack" / "published.csv"
    out.parent.mkdir()
    validation._write(training, out, (*validation.COLUMNS, "original_path"))
    with out.open(newline="") as file:
        (row,) = csv.DictReader(file)
    assert (out.parent / row["original_path"]).resolve() == store / "trained_original.png"
    assert (out.parent / row["mask_path"]).resolve() == store / "trained_mask.png"


def test_training_does_not_see_what_is_reported() -> None:
    """The field's exams are in no table at all, by name."""
    tables = [Path("training/sources.csv"), Path("training/edited_sources.csv")]
    for table in tables:
        with table.open(newline="", encoding="utf-8") as file:
            names = {row["source"].lower() for row in csv.DictReader(file)}
        for exam in ("casia1", "casiav1", "coverage", "cocoglide", "columbia", "dso"):
            assert not [name for name in names if exam in name]
