"""What the detector's looks at whole pictures give the label head to learn from."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch.utils.data import DataLoader, Dataset
from tqdm import tqdm

from detector.deadline import Deadline
from detector.editscope.detector import EditScopeDetector
from training.wholes import WholePictures


class Views(NamedTuple):
    """Looks at pictures, several at a large one.

    Attributes:
        vectors: (N, D) float32, see `detector.editscope.pooling.describe`.
        labels: (N,) values of `Labels`.
        draws: (N,) number of the draw that the picture comes from.
    """

    vectors: NDArray[np.float32]
    labels: NDArray[np.int64]
    draws: NDArray[np.int64]

    @classmethod
    def join(cls, parts: Iterable[Views]) -> Views:
        return cls(*(np.concatenate(arrays) for arrays in zip(*parts, strict=True)))

    @classmethod
    def read(cls, path: Path) -> Views:
        with np.load(path, allow_pickle=False) as stored:
            return cls(*(stored[name] for name in cls._fields))

    def write(self, path: Path) -> None:
        np.savez(path, **self._asdict())


@dataclass(frozen=True)
class Draws(Dataset[Views]):
    """The looks at each draw's pictures by number; a process opens weights and pack once.

    Attributes:
        folder: the model's.
        pack: the composer's.
        store: of the native pictures.
        seed: of the draws.
    """

    folder: Path
    pack: Path
    store: Path
    seed: int

    def __getitem__(self, number: int) -> Views:
        seen = [
            (view.vector, int(label), number)
            for image, label in self._pictures.draw(number)
            for view in self._detector.look(image, Deadline.never())
        ]
        vectors, labels, draws = zip(*seen, strict=True)
        return Views(np.stack(vectors), np.array(labels), np.array(draws))

    @cached_property
    def _pictures(self) -> WholePictures:
        return WholePictures(self.pack, self.store, self.seed)

    @cached_property
    def _detector(self) -> EditScopeDetector:
        detector = EditScopeDetector(self.folder.name, self.folder.parent, "cpu")
        detector.load_model()
        return detector


def collect(draws: Draws, count: int, processes: int) -> Views:
    """The looks at the first `count` draws; `processes` with a thread each, which share no picture.

    The order, and so the result, does not depend on their number.
    """
    loader = DataLoader(
        draws,
        batch_size=None,
        sampler=range(count),
        num_workers=processes,
        multiprocessing_context="spawn",  # a fork would inherit half of a thread pool
        worker_init_fn=_single,
        collate_fn=_as_it_is,
    )
    return Views.join(tqdm(loader, total=count, desc="draws"))


def _single(_: int) -> None:
    torch.set_num_threads(1)
    cv2.setNumThreads(1)


def _as_it_is(item: Any) -> Any:
    return item
