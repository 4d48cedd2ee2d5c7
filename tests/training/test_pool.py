from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest

from training import pool
from training.pack import Pack
from training.pool import Pool
from training.twins import Twin


@pytest.fixture
def twinned(pack_folder: Path, tmp_path: Path) -> Path:
    """The pack with an inverted twin of its first natural entry."""
    folder = tmp_path / "pack"
    folder.mkdir()
    for path in pack_folder.iterdir():
        (folder / path.name).symlink_to(path)
    pack = Pack(folder)
    index = next(i for i, entry in enumerate(pack.entries) if entry.label == "Natural")
    (folder / "twins.bin").write_bytes((255 - pack.image(index)).tobytes())
    (folder / "twins.json").write_text(json.dumps([asdict(Twin(index, "inverter", 0))]))
    return folder


def test_a_twin_keeps_aligned_with_its_original(twinned: Path) -> None:
    real = Pool(Pack(twinned), "Natural", held_out=False)
    for seed in range(6):
        scene = real.draw(np.random.default_rng(seed), 96, 128, twin=True)
        assert scene.twin is not None
        np.testing.assert_array_equal(scene.twin, 255 - scene.image)


def test_without_twins_a_scene_comes_alone(pack_folder: Path) -> None:
    real = Pool(Pack(pack_folder), "Natural", held_out=False)
    assert real.draw(np.random.default_rng(0), 96, 128, twin=True).twin is None


def test_scenes_are_at_least_as_large_as_asked_for(pack_folder: Path) -> None:
    real = Pool(Pack(pack_folder), "Natural", held_out=False)
    for seed in range(6):
        scene = real.draw(np.random.default_rng(seed), 400, 420)
        assert min(scene.image.shape[:2]) >= 400
        assert min(scene.shapes.segments.shape) >= pool.MIN_CELLS


def test_held_out_sources_are_never_drawn(
    pack_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pool, "HELD_OUT", {"source1"})
    pack = Pack(pack_folder)
    drawn = {pack.entries[i].source for i in Pool(pack, "Natural", held_out=False).indices}
    held = {pack.entries[i].source for i in Pool(pack, "Natural", held_out=True).indices}
    assert (drawn, held) == ({"source3"}, {"source1"})
