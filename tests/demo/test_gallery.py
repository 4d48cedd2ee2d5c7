from __future__ import annotations

import json

from demo import gallery
from detector.contract import Labels
from detector.imaging import decode

LIMIT = 60_000  # bytes: six of them load at once with the page


def test_every_label_has_an_example_and_every_file_is_listed():
    entries = json.loads((gallery.FOLDER / "examples.json").read_text())
    assert {entry["label"] for entry in entries} == {label.name for label in Labels}
    listed = {entry["file"] for entry in entries}
    assert listed == {path.name for path in gallery.FOLDER.iterdir()} - {"examples.json"}


def test_examples_are_small_pictures_and_say_what_was_done():
    for example in gallery.examples():
        data = (gallery.FOLDER / example["file"]).read_bytes()
        assert len(data) < LIMIT
        assert min(decode(data).shape[:2]) >= 300
        assert example["url"] == f"examples/{example['file']}"
        assert example["title"]
        assert example["made"]
