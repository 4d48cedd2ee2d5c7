from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

from training import twins
from training.history import Picture
from training.pack import Pack
from training.twins import HELD_OUT_GENERATORS, Twins, produce

SHARES = {"plain": 0.6, "idealo_gan": 0.4}
HELD_OUT_SOURCES = {"source3"}


def speckled(picture: Picture, rng: np.random.Generator) -> Picture:
    """A stand-in for a generator: close to the picture, and different each time."""
    noise = rng.integers(-4, 5, picture.shape)
    return np.clip(picture + noise, 0, 255).astype(np.uint8)


@pytest.fixture
def folder(pack_folder: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(pack_folder, tmp_path / "pack"))


def make(
    folder: Path, redraw: Callable[..., Picture], count: int, names: tuple[str, ...] = tuple(SHARES)
) -> list[twins.Twin]:
    generators = dict.fromkeys(names, redraw)
    return produce(folder, generators, SHARES, HELD_OUT_SOURCES, count=count, minutes=1, seed=0)


def test_without_files_there_are_no_twins(tmp_path: Path) -> None:
    assert len(Twins(tmp_path)) == 0
    assert Twins(tmp_path).of(0) == []


def test_twins_are_of_photographs_and_have_their_size(folder: Path) -> None:
    drawn = {}

    def redraw(picture: Picture, rng: np.random.Generator) -> Picture:
        twin = speckled(picture, rng)
        drawn[twin.tobytes()] = picture
        return twin

    assert len(make(folder, redraw, 5)) == 5
    pack, reader = Pack(folder), Twins(folder)
    assert len(reader) == 5
    for index, entry in enumerate(pack.entries):
        for _, offset in reader.of(index, held_out=True):
            assert entry.label == "Natural"
            twin = reader.image(offset, entry.height, entry.width)
            assert twin.shape == (entry.height, entry.width, 3)
            np.testing.assert_array_equal(drawn[twin.tobytes()], pack.image(index))


def test_held_out_generators_redraw_held_out_sources_and_are_listed_on_request(
    folder: Path,
) -> None:
    made = make(folder, speckled, 6)
    pack, reader = Pack(folder), Twins(folder)
    held = [twin for twin in made if twin.generator in HELD_OUT_GENERATORS]
    assert 0 < len(held) < len(made)
    for twin in held:
        assert pack.entries[twin.entry].source in HELD_OUT_SOURCES
        assert (twin.generator, twin.pixels_at) in reader.of(twin.entry, held_out=True)
        assert twin.generator not in dict(reader.of(twin.entry))


def test_an_interrupted_run_goes_on_where_it_stopped(folder: Path) -> None:
    calls = 0

    def failing(picture: Picture, rng: np.random.Generator) -> Picture:
        nonlocal calls
        calls += 1
        if calls > 3:
            raise KeyboardInterrupt
        return speckled(picture, rng)

    with pytest.raises(KeyboardInterrupt):
        make(folder, failing, 6)
    first = json.loads((folder / "twins.json").read_text())
    assert len(first) == 3
    assert len(make(folder, speckled, 6)) == 6
    rows = json.loads((folder / "twins.json").read_text())
    assert rows[:3] == first
    assert len({(row["entry"], row["generator"]) for row in rows}) == 6
    assert len(make(folder, failing, 6)) == 6  # enough are there: nothing is redrawn


def test_the_same_seed_gives_the_same_twins_whether_interrupted_or_not(
    folder: Path, tmp_path: Path
) -> None:
    other = Path(shutil.copytree(folder, tmp_path / "other"))
    make(folder, speckled, 2)
    make(folder, speckled, 4)
    make(other, speckled, 4)
    assert (folder / "twins.json").read_bytes() == (other / "twins.json").read_bytes()
    assert (folder / "twins.bin").read_bytes() == (other / "twins.bin").read_bytes()


def test_what_a_reader_finds_listed_is_complete_at_any_time(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(twins, "SAVE_EVERY", 1)
    entries, seen = Pack(folder).entries, []

    def watched(picture: Picture, rng: np.random.Generator) -> Picture:
        reader = Twins(folder)
        for index, entry in enumerate(entries):
            for _, offset in reader.of(index, held_out=True):
                assert reader.image(offset, entry.height, entry.width).any()
        seen.append(len(reader))
        return speckled(picture, rng)

    make(folder, watched, 4)
    assert seen[0] == 0
    assert seen[-1] == 3
    assert not list(folder.glob("*.part"))


def test_failures_unchanged_and_blurred_pictures_are_left_out(folder: Path) -> None:
    def black(picture: Picture, rng: np.random.Generator) -> Picture:
        return np.zeros_like(picture)

    def unchanged(picture: Picture, rng: np.random.Generator) -> Picture:
        return picture.copy()

    def blurred(picture: Picture, rng: np.random.Generator) -> Picture:
        return np.asarray(cv2.GaussianBlur(picture, (0, 0), 3), np.uint8)

    for redraw in (black, unchanged, blurred):
        assert make(folder, redraw, 1, names=("plain",)) == []
