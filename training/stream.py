"""Batches of composed samples, drawn by worker processes in a seeded order."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Dataset, Sampler

from training.compose import Composer, Sample
from training.pack import Pack


class Batch(NamedTuple):
    """image (B, 3, S, S) uint8; mask (B, S, S) uint8; label (B,) int64."""

    image: Tensor
    mask: Tensor
    label: Tensor


class Samples(Dataset[Sample]):
    """Samples by (number, side in pixels)."""

    def __init__(self, pack: Path, seed: int) -> None:
        self._folder, self._seed = pack, seed
        self._composers: dict[int, Composer] = {}

    def __getitem__(self, key: tuple[int, int]) -> Sample:
        number, side = key
        if side not in self._composers:
            cv2.setNumThreads(1)  # a worker has one core; the others train
            self._composers[side] = Composer(Pack(self._folder), side, self._seed)
        return self._composers[side].sample(number)


class Batches(Sampler[list[tuple[int, int]]]):
    """Endless lists of keys; each batch draws one of the (side, count, share) shapes."""

    def __init__(self, shapes: Sequence[Sequence[float]], seed: int, start: int) -> None:
        self._shapes, self._seed, self._start = shapes, seed, start

    def __iter__(self) -> Iterator[list[tuple[int, int]]]:
        shares = np.array([shape[2] for shape in self._shapes])
        most = int(max(shape[1] for shape in self._shapes))
        step = self._start
        while True:
            rng = np.random.default_rng((self._seed, step))
            side, count, _ = self._shapes[int(rng.choice(len(shares), p=shares / shares.sum()))]
            yield [(step * most + offset, int(side)) for offset in range(int(count))]
            step += 1


def collate(samples: list[Sample]) -> Batch:
    image = torch.from_numpy(np.stack([sample.image for sample in samples]))
    mask = torch.from_numpy(np.stack([sample.mask for sample in samples]))
    label = torch.tensor([sample.label for sample in samples])
    return Batch(image.permute(0, 3, 1, 2), mask, label)
