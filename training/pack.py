"""Decode the image store once into native crops that a training run can map into memory.

    python -m training.pack --store data/store --out data/pack

A crop is at most `SIDE` pixels a side and is never resized, except that large pictures also give
one crop of their half-size version, and every picture larger than `WHOLE` its whole scene reduced
to that size: what the web does to photographs, and what people then edit. Beside each crop lies its
segmentation, from which object-shaped masks are made.

Run again, it adds what is missing: new pictures of the store, and kinds of crops that an older pack
had not.
"""

from __future__ import annotations

import argparse
import csv
import json
import zlib
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from skimage.segmentation import felzenszwalb
from tqdm import tqdm

from detector.imaging import ImageError, decode

SIDE = 512  # pixels: room for a 256 or 320 crop after resizing and rotation
WHOLE = 640  # pixels: the longer side of a reduced scene, that of many data sets and web pictures
LARGE = 1100  # shorter side from which a picture gives several crops
SEGMENT_SIDE = 256  # pixels: segments need shapes, not detail
DRAWN = "not photographic"  # in a picture's note: posters, stickers, drawings, screens
MIN_SIDE = 64  # pixels: below it there is nothing to learn from
NATIVE, REDUCED = "native", "whole"  # values of Entry.scale; half-size crops count as native
FILTERS = (  # of programs that reduce pictures
    Image.Resampling.BOX,
    Image.Resampling.BILINEAR,
    Image.Resampling.BICUBIC,
    Image.Resampling.LANCZOS,
)

Packed: TypeAlias = tuple[dict[str, str], str, NDArray[np.uint8], NDArray[np.uint8]]


@dataclass(frozen=True)
class Entry:
    """One crop: where it lies in `pixels.bin` and `segments.bin`, and where it came from."""

    label: str
    source: str
    generator: str
    sha256: str
    height: int
    width: int
    pixels_at: int
    segments_at: int
    photographic: bool = True
    scale: str = NATIVE


class Pack:
    """Read access by index; `image(i)` is (h, w, 3) uint8, `segments(i)` (256, 256) uint8."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.entries = [Entry(**row) for row in json.loads((folder / "index.json").read_text())]
        self._pixels = np.memmap(folder / "pixels.bin", np.uint8, "r")
        self._segments = np.memmap(folder / "segments.bin", np.uint8, "r")

    def __len__(self) -> int:
        return len(self.entries)

    def image(self, index: int) -> NDArray[np.uint8]:
        entry = self.entries[index]
        count = entry.height * entry.width * 3
        flat = self._pixels[entry.pixels_at : entry.pixels_at + count]
        return np.array(flat).reshape(entry.height, entry.width, 3)

    def segments(self, index: int) -> NDArray[np.uint8]:
        start = self.entries[index].segments_at
        flat = self._segments[start : start + SEGMENT_SIDE**2]
        return np.array(flat).reshape(SEGMENT_SIDE, SEGMENT_SIDE)


def crops(image: NDArray[np.uint8], rng: np.random.Generator) -> Iterator[NDArray[np.uint8]]:
    """One native crop; for large pictures a second one and one of the half-size picture."""
    yield _crop(image, rng)
    if min(image.shape[:2]) >= LARGE:
        yield _crop(image, rng)
        half = Image.fromarray(image).resize(
            (image.shape[1] // 2, image.shape[0] // 2), Image.Resampling.LANCZOS
        )
        yield _crop(np.asarray(half), rng)


def whole(image: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8] | None:
    """The scene reduced to `WHOLE` pixels (long panoramas are cut), or None if it is small."""
    height, width = image.shape[:2]
    if max(height, width) < 1.25 * WHOLE:  # it is about that size already
        return None
    scale = max(WHOLE / max(height, width), WHOLE / 2 / min(height, width))
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    method = FILTERS[int(rng.integers(len(FILTERS)))]
    reduced = np.asarray(Image.fromarray(image).resize(size, method))
    return _crop(reduced, rng, WHOLE)


def segment(crop: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Felzenszwalb's graph segmentation at (256, 256), numbered modulo 256."""
    small = Image.fromarray(crop).resize((SEGMENT_SIDE, SEGMENT_SIDE), Image.Resampling.BOX)
    labels = felzenszwalb(np.asarray(small), scale=200, sigma=0.8, min_size=120)
    return np.asarray(labels % 256, np.uint8)


def _crop(
    image: NDArray[np.uint8], rng: np.random.Generator, side: int = SIDE
) -> NDArray[np.uint8]:
    """At most `side` a side, at an offset that keeps the 8x8 grid of a JPEG half of the time."""
    height, width = image.shape[:2]
    step = 8 if rng.random() < 0.5 else 1
    top = int(rng.integers(0, max(1, (height - side) // step + 1))) * step
    left = int(rng.integers(0, max(1, (width - side) // step + 1))) * step
    return np.ascontiguousarray(image[top : top + side, left : left + side])


def _read(job: tuple[Path, dict[str, str], frozenset[str]]) -> list[Packed]:
    """The picture's crops of the wanted scales."""
    path, row, scales = job
    try:
        image = decode(path.read_bytes())
    except ImageError:
        return []
    if min(image.shape[:2]) < MIN_SIDE:
        return []
    rng = np.random.default_rng(zlib.crc32(row["sha256"].encode()))
    results = [(NATIVE, crop) for crop in crops(image, rng)] if NATIVE in scales else []
    reduced = whole(image, rng) if REDUCED in scales else None
    if reduced is not None:
        results.append((REDUCED, reduced))
    return [(row, scale, crop, segment(crop)) for scale, crop in results]


def capped(rows: Sequence[dict[str, str]], most: int | None) -> list[dict[str, str]]:
    """At most so many pictures of a source, those whose SHA-256 comes first."""
    if most is None:
        return list(rows)
    taken: Counter[str] = Counter()
    chosen = []
    for row in sorted(rows, key=lambda row: row["sha256"]):
        taken[row["source"]] += 1
        if taken[row["source"]] <= most:
            chosen.append(row)
    return chosen


def build(store: Path, out: Path, workers: int, most: int | None = None) -> None:
    """Add the crops that are not in the pack yet; makes the pack if there is none.

    `most`: pictures of a source; sources weigh by the root of their size, so that a part of a
    large one tells nearly as much in a fraction of the time.
    """
    out.mkdir(parents=True, exist_ok=True)
    entries = Pack(out).entries if (out / "index.json").exists() else []
    known = {(entry.sha256, entry.scale) for entry in entries}
    with (store / "index.csv").open(newline="") as file:
        rows = capped(list(csv.DictReader(file)), most)
    jobs = []
    for row in rows:
        scales = frozenset(s for s in (NATIVE, REDUCED) if (row["sha256"], s) not in known)
        if NATIVE in scales or max(int(row["width"]), int(row["height"])) >= WHOLE:
            jobs.append((store / row["path"], row, scales))
    with (
        (out / "pixels.bin").open("r+b" if entries else "wb") as pixels,
        (out / "segments.bin").open("r+b" if entries else "wb") as segments,
        ProcessPoolExecutor(workers) as pool,
    ):
        pixels_at = pixels.seek(sum(entry.height * entry.width * 3 for entry in entries))
        segments_at = segments.seek(len(entries) * SEGMENT_SIDE**2)
        for results in tqdm(pool.map(_read, jobs, chunksize=8), total=len(jobs), desc="pack"):
            for row, scale, crop, labels in results:
                entries.append(
                    Entry(
                        label=row["label"],
                        source=row["source"],
                        generator=row["generator_or_camera"],
                        sha256=row["sha256"],
                        height=crop.shape[0],
                        width=crop.shape[1],
                        pixels_at=pixels_at,
                        segments_at=segments_at,
                        photographic=DRAWN not in row["note"],
                        scale=scale,
                    )
                )
                pixels_at += pixels.write(crop.tobytes())
                segments_at += segments.write(labels.tobytes())
    (out / "index.json").write_text(json.dumps([asdict(entry) for entry in entries]))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--store", type=Path, default=Path("data/store"))
    parser.add_argument("--out", type=Path, default=Path("data/pack"))
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--most", type=int, help="pictures of a source (default: all)")
    arguments = parser.parse_args()
    build(arguments.store, arguments.out, arguments.workers, arguments.most)


if __name__ == "__main__":
    main()
