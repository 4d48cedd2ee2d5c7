from __future__ import annotations

from itertools import islice
from pathlib import Path

import torch

from training.stream import Batches, Samples, collate

SHAPES = [[64, 4, 0.5], [96, 2, 0.5]]


def test_batches_are_seeded_and_can_start_anywhere() -> None:
    first = list(islice(Batches(SHAPES, 0, 0), 12))
    resumed = list(islice(Batches(SHAPES, 0, 5), 7))
    assert first[5:] == resumed
    assert {len(batch) for batch in first} == {2, 4}
    assert all(len({side for _, side in batch}) == 1 for batch in first)
    numbers = [number for batch in first for number, _ in batch]
    assert len(set(numbers)) == len(numbers)


def test_a_batch_is_stacked_channels_first(pack_folder: Path) -> None:
    samples = Samples(pack_folder, seed=0)
    batch = collate([samples[3, 64], samples[4, 64]])
    assert batch.image.shape == (2, 3, 64, 64)
    assert batch.image.dtype == batch.mask.dtype == torch.uint8
    assert batch.mask.shape == (2, 64, 64)
    assert batch.label.tolist() == [samples[3, 64].label, samples[4, 64].label]
