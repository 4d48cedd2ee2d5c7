from __future__ import annotations

import json

from demo import gallery
from detector.contract import Labels
from detector.imaging import decode
from training.evaluate import read_manifest
from training.outcome import read_mask

LIMIT = 60_000  # bytes: six of them load at once with the page


def test_every_label_has_an_example_and_every_file_is_listed():
    entries = json.loads((gallery.FOLDER / "examples.json").read_text())
    assert {entry["label"] for entry in entries} == {label.name for label in Labels}
    listed = {entry["file"] for entry in entries}
    beside = {"examples.json", "manifest.csv", "masks"}
    assert listed == {path.name for path in gallery.FOLDER.iterdir()} - beside


def test_the_examples_can_be_scored():
    """The local edits have masks of their size, which `training.evaluate` reads."""
    rows = read_manifest(gallery.FOLDER / "manifest.csv")
    truth = {row.path.name: row.label.name for row in rows}
    entries = json.loads((gallery.FOLDER / "examples.json").read_text())
    assert truth == {entry["file"]: entry["label"] for entry in entries}
    for row in rows:
        size = decode(row.path.read_bytes()).shape[:2]
        local = row.label in {Labels.LocallyEdited, Labels.LocallySynthesized}
        assert (row.mask_path is not None) == local
        if row.mask_path is not None:
            mask = read_mask(row.mask_path, (size[0], size[1]))
            assert 0.01 < mask.mean() < 0.5


def test_examples_are_small_pictures_and_say_what_was_done():
    for example in gallery.examples():
        data = (gallery.FOLDER / example["file"]).read_bytes()
        assert len(data) < LIMIT
        assert min(decode(data).shape[:2]) >= 300
        assert example["url"] == f"examples/{example['file']}"
        assert example["title"]
        assert example["made"]
