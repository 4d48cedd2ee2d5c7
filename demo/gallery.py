"""The examples to click: our own pictures, one folder, listed in `examples.json`."""

from __future__ import annotations

import json
from pathlib import Path

from demo.words import NAMES
from detector.contract import Labels

FOLDER = Path(__file__).parent / "examples"
ROUTE = "/examples"


def examples() -> list[dict[str, str]]:
    """What the gallery shows: file, url relative to the page, title, how made, true label."""
    entries = json.loads((FOLDER / "examples.json").read_text("utf-8"))
    return [
        {
            "file": entry["file"],
            "url": f"{ROUTE.lstrip('/')}/{entry['file']}",
            "title": entry["title"],
            "truth": NAMES[Labels[entry["label"]]],
            "made": entry["made"],
        }
        for entry in entries
    ]
