"""Published manipulations with masks: real editors and real people, for a share of the samples.

`published.csv` in the pack's folder (columns path, mask_path; paths relative to it) lists them;
`training.validation` writes it with what it leaves to training.
"""

from __future__ import annotations

import csv
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from training.history import Picture
from training.masks import Mask

FILE_NAME = "published.csv"
REDUCED_SHARE = 0.5  # of the draws: the scene at a smaller size, as it travels on


class Published:
    """Random windows of published LocallyEdited pictures; empty where there is no list."""

    def __init__(self, folder: Path, empty: bool = False) -> None:
        path = folder / FILE_NAME
        self._pairs: list[tuple[Path, Path]] = []
        if path.exists() and not empty:
            with path.open(newline="") as file:
                self._pairs = [
                    (folder / row["path"], folder / row["mask_path"])
                    for row in csv.DictReader(file)
                ]

    def __len__(self) -> int:
        return len(self._pairs)

    def draw(self, rng: np.random.Generator, smallest: int, side: int) -> tuple[Picture, Mask]:
        """About `side` pixels a side round a manipulated pixel: (H, W, 3) uint8, (H, W) bool."""
        path, mask_path = self._pairs[int(rng.integers(len(self._pairs)))]
        with Image.open(path) as opened, Image.open(mask_path) as drawn:
            picture, mask = opened.convert("RGB"), drawn.convert("L").resize(opened.size)
        if rng.random() < REDUCED_SHARE:
            factor = max(float(rng.uniform(0.4, 0.9)), smallest / min(picture.size))
            size = (round(picture.width * factor), round(picture.height * factor))
            picture = picture.resize(size, Image.Resampling.BICUBIC)
            mask = mask.resize(size, Image.Resampling.BOX)
        image, region = np.asarray(picture), np.asarray(mask) > 127
        rows, columns = np.nonzero(region)
        pixel = int(rng.integers(rows.size)) if rows.size else 0
        centre = (rows[pixel], columns[pixel]) if rows.size else (0, 0)
        window = tuple(
            _span(length, max(side, smallest), int(at) - int(rng.integers(side)))
            for length, at in zip(region.shape, centre, strict=True)
        )
        image, region = image[window], region[window]
        if rng.random() < 0.5:
            image, region = image[:, ::-1], region[:, ::-1]
        bottom, right = (max(0, smallest - length) for length in region.shape)
        border = (0, bottom, 0, right, cv2.BORDER_REFLECT)
        image = cv2.copyMakeBorder(np.ascontiguousarray(image), *border)
        grown = cv2.copyMakeBorder(np.ascontiguousarray(region, np.uint8), *border)
        return np.asarray(image, np.uint8), grown > 0


def _span(length: int, side: int, start: int) -> slice:
    """`side` pixels of `length`, from a multiple of 8: a JPEG's grid stays where it was."""
    start = max(0, min(start, length - side)) // 8 * 8
    return slice(start, min(length, start + side))
