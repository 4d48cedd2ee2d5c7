"""JPEG as other programs write it: quantization tables of cameras and editors, other libraries.

OpenCV and Pillow write the tables of the standard's Annex K through libjpeg-turbo. A quarter of the
JPEG files of the training sources have others; and libraries differ in how they average colours,
round and choose coefficients (Benes et al., "Know Your Library: How the libjpeg Version Influences
Compression and Decompression Results", IH&MMSec 2022).

    python -m training.encoders --store data/store

writes `quantization_tables.json` anew, from the pictures that training may see.
"""

from __future__ import annotations

import argparse
import csv
import io
import json
import tempfile
from collections import Counter, defaultdict
from collections.abc import Collection
from functools import cache
from pathlib import Path
from typing import TypeAlias

import jpeglib
import numpy as np
from numpy.typing import NDArray
from PIL import Image
from PIL.JpegImagePlugin import JpegImageFile

TABLES = Path(__file__).with_name("quantization_tables.json")
LIBRARIES = ("6b", "8d", "9f", "mozjpeg403")  # families; OpenCV's own is libjpeg-turbo

Tables: TypeAlias = tuple[tuple[int, ...], ...]


def with_tables(picture: NDArray[np.uint8], tables: Tables, sampling: str) -> NDArray[np.uint8]:
    """A JPEG round trip of (H, W, 3) RGB with tables of luma and chroma, each 64 steps row by row.

    `sampling` is "4:2:0", "4:2:2" or "4:4:4".
    """
    file = io.BytesIO()
    Image.fromarray(picture).save(file, "JPEG", qtables=tables, subsampling=sampling)
    return _decoded(file)


def with_library(
    picture: NDArray[np.uint8], library: str, quality: int, sampling: str
) -> NDArray[np.uint8]:
    """A JPEG round trip of (H, W, 3) RGB through another library than OpenCV's, one of `LIBRARIES`.

    `quality` is 1..100. Decoded by libjpeg-turbo, as whoever receives the file would.
    """
    jpeglib.version.set(library)
    image = jpeglib.from_spatial(np.ascontiguousarray(picture))
    image.jpeg_color_space = jpeglib.JCS_YCbCr
    image.samp_factor = sampling
    with tempfile.TemporaryDirectory() as folder:  # jpeglib writes to paths alone
        path = Path(folder) / "picture.jpg"
        image.write_spatial(str(path), qt=quality)
        return _decoded(io.BytesIO(path.read_bytes()))


@cache
def published(quality: int) -> list[Tables]:
    """The tables of `quantization_tables.json` as fine in luma as the standard's of a quality."""
    rows = [(tuple(row["luma"]), tuple(row["chroma"])) for row in json.loads(TABLES.read_text())]
    return [tables for tables in rows if sum(tables[0]) <= sum(standard(quality)[0])]


@cache
def standard(quality: int) -> Tables:
    """Those that libjpeg scales from Annex K's for a quality of 1..100."""
    file = io.BytesIO()
    Image.new("RGB", (8, 8)).save(file, "JPEG", quality=quality)
    return _pair(file)


def measure(store: Path, left_out: Collection[str]) -> list[dict[str, object]]:
    """Tables, other than the standard's, of the store's JPEG files, the commonest first.

    With how many pictures and sources have them; `left_out` names sources that do not count.
    """
    known = {standard(quality) for quality in range(1, 101)}
    pictures: Counter[Tables] = Counter()
    sources: defaultdict[Tables, set[str]] = defaultdict(set)
    with (store / "index.csv").open(newline="") as file:
        for row in csv.DictReader(file):
            if row["format"] == "JPEG" and row["source"] not in left_out:
                tables = _pair(store / row["path"])
                pictures[tables] += 1
                sources[tables].add(row["source"])
    return [
        {"pictures": n, "sources": len(sources[t]), "luma": t[0], "chroma": t[1]}
        for t, n in sorted(pictures.items(), key=lambda item: (-item[1], item[0]))
        if t not in known
    ]


def _pair(file: Path | io.BytesIO) -> Tables:
    """A JPEG file's tables of luma and chroma, the same one where there is but one."""
    with Image.open(file) as image:
        assert isinstance(image, JpegImageFile)  # MPO, several in one file, is a kind of it
        tables = list(image.quantization.values())
    luma, chroma = (tables * 2)[:2]
    return tuple(luma), tuple(chroma)


def _decoded(file: io.BytesIO) -> NDArray[np.uint8]:
    with Image.open(file) as image:
        return np.array(image.convert("RGB"))


def main() -> None:
    from training.pool import HELD_OUT  # here, since `pool` imports this by way of `history`

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--store", type=Path, default=Path("data/store"))
    arguments = parser.parse_args()
    rows = measure(arguments.store, HELD_OUT)
    lines = ",\n".join(json.dumps(row) for row in rows)
    TABLES.write_text(f"[\n{lines}\n]\n")
    print(f"{len(rows)} pairs of tables")


if __name__ == "__main__":
    main()
