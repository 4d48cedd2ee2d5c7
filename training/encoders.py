"""JPEG as other programs write it: quantization tables of cameras and editors, other libraries.

OpenCV and Pillow write the tables of the standard's Annex K through libjpeg-turbo. A quarter of the
photographs on the web have others; and libraries differ in how they average colours, round and
choose coefficients (Benes et al., "Know Your Library: How the libjpeg Version Influences
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

TABLES = Path(__file__).with_name("quantization_tables.json")
LIBRARIES = ("6b", "8d", "9f", "mozjpeg403")  # families; OpenCV's own is libjpeg-turbo

Picture: TypeAlias = NDArray[np.uint8]
Tables: TypeAlias = tuple[tuple[int, ...], ...]


def with_tables(picture: Picture, tables: Tables, sampling: str) -> Picture:
    """A JPEG round trip with luma and chroma quantization tables, each 64 steps row by row.

    `sampling` is "4:2:0", "4:2:2" or "4:4:4".
    """
    file = io.BytesIO()
    Image.fromarray(picture).save(file, "JPEG", qtables=tables, subsampling=sampling)
    return _decoded(file)


def with_library(picture: Picture, library: str, quality: int, sampling: str) -> Picture:
    """A JPEG round trip through another library than OpenCV's, one of `LIBRARIES`."""
    jpeglib.version.set(library)
    image = jpeglib.from_spatial(np.ascontiguousarray(picture))
    image.jpeg_color_space = jpeglib.JCS_YCbCr
    image.samp_factor = sampling
    with tempfile.TemporaryDirectory() as folder:
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
    with Image.open(file) as image:
        return _pair(image)


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
                with Image.open(store / row["path"]) as image:
                    tables = _pair(image)
                pictures[tables] += 1
                sources[tables].add(row["source"])
    return [
        {"pictures": n, "sources": len(sources[t]), "luma": t[0], "chroma": t[1]}
        for t, n in sorted(pictures.items(), key=lambda item: (-item[1], item[0]))
        if t not in known
    ]


def _pair(image: Image.Image) -> Tables:
    """Of luma and chroma, the same one where there is but one."""
    tables = list(image.quantization.values())  # type: ignore[attr-defined]
    luma, chroma = (tables * 2)[:2]
    return tuple(luma), tuple(chroma)


def _decoded(file: io.BytesIO) -> Picture:
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
