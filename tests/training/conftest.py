"""A small pack of pictures drawn on the spot, and an engine that sees what is bright."""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from engine import Engine
from tests.fakes import BrightDetector
from training import pack


def scene(seed: int, height: int, width: int) -> np.ndarray:
    """Patches of colour with noise, (height, width, 3) uint8."""
    rng = np.random.default_rng(seed)
    coarse = rng.integers(0, 256, (5, 6, 3), dtype=np.uint8)
    large = Image.fromarray(coarse).resize((width, height), Image.Resampling.NEAREST)
    noisy = np.asarray(large, np.float32) + rng.normal(0, 6, (height, width, 3))
    return np.clip(noisy, 0, 255).astype(np.uint8)


@pytest.fixture
def engine() -> Iterator[Engine]:
    engine = Engine(BrightDetector())
    engine.load()
    yield engine
    engine.close()


@pytest.fixture(scope="session")
def pack_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    store = tmp_path_factory.mktemp("store")
    rows = []
    for number in range(8):
        label = "Natural" if number % 2 else "FullySynthesized"
        path = store / f"{number}.png"
        Image.fromarray(scene(number, 300 + 20 * number, 360)).save(path)
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        rows.append(
            {"path": path.name, "label": label, "source": f"source{number % 4}", "sha256": digest,
             "generator_or_camera": "", "width": 360, "height": 300, "note": ""}
        )  # fmt: skip
    with (store / "index.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    out = store / "pack"
    pack.build(store, out, workers=1)
    return out
