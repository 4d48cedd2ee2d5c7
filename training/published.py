"""Published manipulations with masks: real editors and real people, for a share of the samples.

`published.csv` in the pack's folder (columns path, label, mask_path, original_path, source; paths
relative to it) lists them; `training.validation` writes it with what it leaves to training.
"""

from __future__ import annotations

import csv
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from detector.contract import Labels
from training.history import Picture
from training.masks import Mask

FILE_NAME = "published.csv"
MASK_LEVEL = 127  # of 255: published masks may be grey at their edges
BY_HAND = {"casia2"}  # people's splices and copy-moves, saved as they made them
HAND_WEIGHT = 3.0  # times their share: nearest to what is asked for, and few
REDUCED_SHARE = 0.5  # of the draws: the scene at a smaller size, as it travels on


class Cut(NamedTuple):
    """A window: (H, W, 3) uint8, (H, W) bool, and the picture before it was edited, if known."""

    image: Picture
    mask: Mask
    pristine: Picture | None


class Published:
    """Random windows of published manipulations; empty where there is no list."""

    def __init__(self, folder: Path, empty: bool = False) -> None:
        path = folder / FILE_NAME
        self._folder = folder
        self._sources: dict[Labels, dict[str, list[dict[str, str]]]] = {}
        if path.exists() and not empty:
            with path.open(newline="") as file:
                for row in csv.DictReader(file):
                    sources = self._sources.setdefault(Labels[row["label"]], {})
                    sources.setdefault(row["source"], []).append(row)

    def has(self, label: Labels) -> bool:
        """Whether there are pictures of that label."""
        return label in self._sources

    def whole(self, label: Labels, rng: np.random.Generator, smallest: int) -> Cut:
        """A picture as it was published or reduced, its shorter side at least `smallest` then.

        A source weighs by the root of its size, as in `pool`, those `BY_HAND` more.
        """
        sources = self._sources[label]
        weights = np.sqrt([len(rows) for rows in sources.values()])
        weights *= [HAND_WEIGHT if name in BY_HAND else 1.0 for name in sources]
        rows = list(sources.values())[int(rng.choice(len(sources), p=weights / weights.sum()))]
        row = rows[int(rng.integers(len(rows)))]
        mask = _open(self._folder / row["mask_path"], "L")
        names = ("path", "original_path") if row["original_path"] else ("path",)
        layers = [_open(self._folder / row[name], "RGB") for name in names]
        size = layers[0].size
        if rng.random() < REDUCED_SHARE:
            factor = min(1.0, max(float(rng.uniform(0.4, 0.9)), smallest / min(size)))
            size = (round(size[0] * factor), round(size[1] * factor))
            layers = [layer.resize(size, Image.Resampling.BICUBIC) for layer in layers]
        region = np.asarray(mask.resize(size, Image.Resampling.BOX)) > MASK_LEVEL
        image, *original = (np.asarray(layer) for layer in layers)
        return Cut(image, region, original[0] if original else None)

    def draw(self, label: Labels, rng: np.random.Generator, smallest: int, side: int) -> Cut:
        """About `side` pixels a side round a manipulated pixel, at least `smallest`."""
        whole = self.whole(label, rng, smallest)
        window = _window(whole.mask, smallest, side, rng)
        arrays = [array[window] for array in whole if array is not None]
        if rng.random() < 0.5:
            arrays = [array[:, ::-1] for array in arrays]
        image, region, *original = (_padded(array, smallest) for array in arrays)
        return Cut(image, region > 0, original[0] if original else None)


def _open(path: Path, mode: str) -> Image.Image:
    with Image.open(path) as opened:
        return opened.convert(mode)


def _window(mask: Mask, smallest: int, side: int, rng: np.random.Generator) -> tuple[slice, slice]:
    rows, columns = np.nonzero(mask)
    pixel = int(rng.integers(rows.size)) if rows.size else 0
    centre = (rows[pixel], columns[pixel]) if rows.size else (0, 0)
    down, across = (
        _span(length, max(side, smallest), int(at) - int(rng.integers(side)))
        for length, at in zip(mask.shape, centre, strict=True)
    )
    return down, across


def _padded(array: Picture | Mask, smallest: int) -> NDArray[np.uint8]:
    """Mirrored at the right and lower border where it is smaller."""
    bottom, right = (max(0, smallest - length) for length in array.shape[:2])
    array = np.ascontiguousarray(array, np.uint8)
    padded = cv2.copyMakeBorder(array, 0, bottom, 0, right, cv2.BORDER_REFLECT)
    return np.asarray(padded, np.uint8)


def _span(length: int, side: int, start: int) -> slice:
    """`side` pixels of `length`, from a multiple of 8: a JPEG's grid stays where it was."""
    start = max(0, min(start, length - side)) // 8 * 8
    return slice(start, min(length, start + side))
