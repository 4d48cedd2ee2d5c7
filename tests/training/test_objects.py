from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from training import objects
from training.objects import MASK_SIDE, Objects, convincing, produce, ranked
from training.pack import Entry, Pack


@pytest.fixture
def folder(pack_folder: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(pack_folder, tmp_path / "pack"))


class Disc:
    """A segmenter that finds a disc, wider in every next picture, or nothing in every third."""

    def __init__(self) -> None:
        self.calls = 0

    def __call__(self, picture: NDArray[np.uint8]) -> NDArray[np.float32]:
        self.calls += 1
        y, x = np.mgrid[:512, :512] - 255.5
        radius = 0 if self.calls % 3 == 0 else 60 + 5 * self.calls
        return (x**2 + y**2 < radius**2).astype(np.float32)


def entry(**changes: object) -> Entry:
    row = {"label": "Natural", "source": "s", "generator": "", "sha256": "0", "height": 512,
           "width": 512, "pixels_at": 0, "segments_at": 0, **changes}  # fmt: skip
    return Entry(**row)  # type: ignore[arg-type]


def test_masks_of_convincing_objects_come_back_by_entry(folder: Path) -> None:
    order = ranked(Pack(folder).entries)
    assert produce(folder, Disc()) == len(order) == 8
    masks = Objects(folder)
    assert len(masks) == 6
    for place, index in enumerate(order):
        mask = masks.mask(index)
        if place % 3 == 2:
            assert mask is None
            continue
        assert mask is not None
        assert mask.shape == (MASK_SIDE, MASK_SIDE)
        assert mask.dtype == np.uint8
        radius = (60 + 5 * (place + 1)) * MASK_SIDE / 512
        assert (mask >= 128).sum() == pytest.approx(np.pi * radius**2, rel=0.02)


def test_a_second_run_looks_at_the_rest_only(folder: Path) -> None:
    first, second = Disc(), Disc()
    assert produce(folder, first, limit=5) == 5
    before = Objects(folder)
    found = {i: before.mask(i) for i in range(8)}
    assert produce(folder, second) == 3
    assert (first.calls, second.calls) == (5, 3)
    after = Objects(folder)
    for index, mask in found.items():
        if mask is not None:
            np.testing.assert_array_equal(after.mask(index), mask)
    assert len(after) == len(before) + 2
    assert produce(folder, second) == 0


def test_what_was_found_before_a_failure_is_kept(folder: Path) -> None:
    disc = Disc()

    def failing(picture: NDArray[np.uint8]) -> NDArray[np.float32]:
        if disc.calls == 4:
            raise RuntimeError("out of memory")
        return disc(picture)

    with pytest.raises(RuntimeError, match="out of memory"):
        produce(folder, failing)
    assert len(Objects(folder)) == 3
    assert produce(folder, Disc()) == 4


def test_readers_find_finished_masks_while_a_run_goes_on(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(objects, "SAVE_EVERY", 2)
    disc, seen = Disc(), []

    def watching(picture: NDArray[np.uint8]) -> NDArray[np.float32]:
        masks = Objects(folder)
        listed = [mask for mask in map(masks.mask, range(8)) if mask is not None]
        assert all(convincing(mask) for mask in listed)
        seen.append(len(listed))
        return disc(picture)

    produce(folder, watching)
    assert seen == [0, 0, 2, 2, 3, 3, 4, 4]


def test_a_run_ends_when_its_minutes_are_over(folder: Path) -> None:
    assert produce(folder, Disc(), minutes=0) == 0
    assert len(Objects(folder)) == 0


def test_a_pack_without_masks_has_none(folder: Path, tmp_path: Path) -> None:
    assert Objects(folder).mask(0) is None
    assert len(Objects(tmp_path / "nowhere")) == 0


def test_whole_scenes_come_first_and_drawings_not_at_all() -> None:
    entries = [
        entry(),
        entry(photographic=False),
        entry(height=300),
        entry(label="FullySynthesized", scale="whole"),
        entry(scale="whole", height=427),
    ]
    assert ranked(entries) == [4, 3, 2, 0]


def test_an_object_convinces_by_area_sharpness_and_unity() -> None:
    def boxes(*spans: tuple[int, int], value: int = 255) -> NDArray[np.uint8]:
        alpha = np.zeros((MASK_SIDE, MASK_SIDE), np.uint8)
        for start, stop in spans:
            alpha[start:stop, start:stop] = value
        return alpha

    assert convincing(boxes((50, 150)))
    assert convincing(boxes((50, 150), (200, 230)))  # with a small part beside it
    assert not convincing(boxes((50, 120), (160, 230)))  # two as large
    assert not convincing(boxes((50, 60)))  # too small
    assert not convincing(boxes((5, 250)))  # nearly everything
    assert not convincing(boxes((50, 150), value=150))  # a guess
    assert not convincing(boxes())
