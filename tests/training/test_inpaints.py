from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
import torch

from training import inpaints
from training.generators.autoencoder import Autoencoder
from training.inpaints import Inpaints, inpaint, produce
from training.pack import Pack
from training.pool import Pool


class Copier(Autoencoder):
    """Latents are the means of 8 x 8 pixels, decoding repeats them."""

    def encode(self, picture: torch.Tensor) -> torch.Tensor:
        return torch.nn.functional.avg_pool2d(picture, 8)

    def decode(self, latents: torch.Tensor) -> torch.Tensor:
        return torch.nn.functional.interpolate(latents, scale_factor=8.0)


@pytest.fixture
def folder(pack_folder: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(pack_folder, tmp_path / "pack"))


def test_the_region_comes_from_the_other_picture_and_the_rest_is_decoded_too() -> None:
    base, other = np.full((60, 76, 3), 40, np.uint8), np.full((60, 76, 3), 200, np.uint8)
    region = np.zeros((60, 76), bool)
    region[16:32, 24:48] = True
    picture = inpaint(Copier(), base, other, region, noise=0.0, rng=np.random.default_rng(0))
    np.testing.assert_array_equal(picture[region], 200)
    np.testing.assert_array_equal(picture[~region], 40)


def test_a_cell_that_the_region_touches_is_drawn_anew() -> None:
    base, other = np.full((64, 64, 3), 40, np.uint8), np.full((64, 64, 3), 200, np.uint8)
    region = np.zeros((64, 64), bool)
    region[20, 20] = True
    picture = inpaint(Copier(), base, other, region, noise=0.0, rng=np.random.default_rng(0))
    assert (picture[16:24, 16:24] == 200).all()


def test_what_was_made_can_be_read_and_more_is_added(folder: Path) -> None:
    for count in (3, 6):
        there = produce(
            folder, Copier(), lambda source: source != "source3", count=count, minutes=1, seed=0
        )
        assert there == count
    pack, reader = Pack(folder), Inpaints(folder)
    assert len(reader) == 6
    for index, entry in enumerate(pack.entries):
        for made in reader.of(index):
            assert entry.label == "Natural"
            assert entry.source != "source3"
            assert made.kind in inpaints.KINDS
            picture, region = reader.read(made, entry.height, entry.width)
            assert picture.shape == (*region.shape, 3) == (entry.height, entry.width, 3)
            assert 0 < region.mean() < 0.5


def test_a_scene_and_its_inpainted_twin_differ_in_the_region(folder: Path) -> None:
    produce(folder, Copier(), lambda source: True, count=4, minutes=1, seed=0)
    pool = Pool(Pack(folder), "Natural", held_out=False)
    seen = 0
    for seed in range(12):
        scene = pool.inpainted(np.random.default_rng(seed), 96, 200)
        if scene is None:
            continue
        seen += 1
        assert scene.twin is not None
        assert scene.region is not None
        assert scene.twin.shape == scene.image.shape == (*scene.region.shape, 3)
        difference = np.abs(scene.twin.astype(int) - scene.image).mean(2)
        assert difference[scene.region].mean() > difference[~scene.region].mean()
    assert seen > 4


def test_without_files_there_are_none(pack_folder: Path) -> None:
    assert len(Inpaints(pack_folder)) == 0
    pool = Pool(Pack(pack_folder), "Natural", held_out=False)
    assert pool.inpainted(np.random.default_rng(0), 96, 128) is None
