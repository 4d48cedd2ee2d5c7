"""Gather pictures with a known edited region, and their masks, into the local store.

Usage: python -m training.collect_edited --sources training/edited_sources.csv --clones DIR
--store DIR

A row names an edited picture and its mask, its original or both by git blob ids. The picture goes
untouched to STORE/edited/<blob>.<ext>, beside it its mask as <blob>_mask.png (one channel, 255 =
edited) and, if it has the same size, its original as <blob>_original.png; STORE/edited.csv lists
them. Without a published mask the region is where picture and original differ. Exit status: 0 if
at least one pair is in the store, else 1.
"""

from __future__ import annotations

import argparse
import csv
import io
import sys
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy.io import loadmat
from scipy.ndimage import uniform_filter
from skimage.morphology import closing, opening, remove_small_holes

from training.clones import GitObjects, clone, find_clones, locate_clone
from training.collect import UNREADABLE, Failure, Row, encode_png, report, write_atomic

NOISE = 4  # of 255: a blend of the pasted region's border leaves smaller traces elsewhere
RESAVED = "re-saved"  # in a row's note: the picture was compressed again after the edit
RESAVED_WINDOW, RESAVED_NOISE = 5, 14  # pixels, of 255: where 490 JPEG splices are best outlined
BRUSH = np.ones((7, 7), np.bool_)  # pixels: narrower differences are noise, narrower gaps too
HOLE = 2000  # pixels: an unchanged spot up to this size inside an edit belongs to it
MATLAB, MATLAB_MASK = ".mat", "objMask"  # as the composites of Lalonde and Efros have it
INVERTED = "mask inverted"  # in a row's note: black is edited
PANELS = "panels in a row"  # in a row's note: one file shows the picture, its mask and two more
PANEL_COUNT = 4  # as wide as one another
MASK_LEVEL = 128  # of 255: a published mask may be grey at its edges
LARGEST = 0.8  # share of the picture; above it the whole picture was re-encoded
INDEX_COLUMNS = [
    *("path", "mask_path", "original_path", "label", "source", "kind", "repo", "license"),
    *("width", "height", "edited_share", "note"),
]
Mask = NDArray[np.bool_]


def changed_region(picture: Image.Image, original: Image.Image, resaved: bool = False) -> Mask:
    """Where two pictures of one size differ, as solid areas; shape (height, width).

    `resaved`: one of them was compressed again, so that all pixels differ a little.
    """
    values = [np.asarray(image.convert("RGB"), np.int16) for image in (picture, original)]
    difference = np.abs(values[0] - values[1])
    if resaved:
        differs = uniform_filter(difference.mean(axis=2), RESAVED_WINDOW) > RESAVED_NOISE
    else:
        differs = difference.max(axis=2) > NOISE
    solid = opening(closing(differs, BRUSH), BRUSH)
    return np.asarray(remove_small_holes(solid, max_size=HOLE))


def read_image(objects: GitObjects, blob: str) -> Image.Image | None:
    """The picture of a blob, None if there is none or Pillow cannot read it."""
    data = objects.read(blob) if blob else None
    try:
        image = Image.open(io.BytesIO(data)) if data else None
        if image:
            image.load()
    except UNREADABLE:
        return None
    return image


def panel(image: Image.Image, number: int) -> Image.Image:
    """One of `PANEL_COUNT` panels, counted from the left."""
    width = image.width // PANEL_COUNT
    return image.crop((number * width, 0, (number + 1) * width, image.height))


def read_mask(objects: GitObjects, row: Row) -> Mask | None:
    """The row's published mask, None if there is none or it cannot be read."""
    if PurePosixPath(row["mask_path"]).suffix == MATLAB:
        data = objects.read(row["mask_blob"])
        if data is None:
            return None
        file = io.BytesIO(data)
        return np.asarray(loadmat(file)[MATLAB_MASK] > 0)  # type: ignore[arg-type]  # stubs want a path
    published = read_image(objects, row["mask_blob"])
    if published is None:
        return None
    if PANELS in row["note"]:
        published = panel(published, 1)
    mask = np.asarray(published.convert("L")) >= MASK_LEVEL
    return ~mask if INVERTED in row["note"] else mask


def find_mask(objects: GitObjects, row: Row, picture: Image.Image) -> Mask | None:
    """The published mask, else the region changed since the original, None without either."""
    published = read_mask(objects, row)
    if published is not None and published.shape == picture.size[::-1]:
        return published
    original = read_image(objects, row["original_blob"])
    if original is None or original.size != picture.size:
        return None
    return changed_region(picture, original, RESAVED in row["note"])


def files(store: Path, row: Row) -> tuple[Path, Path]:
    """Where the row's picture and mask go."""
    folder, suffix = store / "edited", PurePosixPath(row["path"]).suffix.lower()
    return folder / (row["blob"] + suffix), folder / (row["blob"] + "_mask.png")


def original_file(store: Path, row: Row) -> Path:
    return store / "edited" / (row["blob"] + "_original.png")


def is_stored(store: Path, row: Row) -> bool:
    return all(path.is_file() for path in files(store, row))


def collect_row(objects: GitObjects, row: Row, store: Path) -> str:
    """Store one picture with its mask; '' or why it could not be done."""
    data, picture = objects.read(row["blob"]), read_image(objects, row["blob"])
    if data is None or picture is None:
        return "missing or unreadable"
    if PANELS in row["note"]:
        picture = panel(picture, 0).convert("RGB")
        data = encode_png(picture)
    mask = find_mask(objects, row, picture)
    if mask is None:
        return "no mask and no original of the same size"
    if not 0 < mask.mean() < LARGEST:
        return "nothing or nearly everything differs"
    target, mask_target = files(store, row)
    write_atomic(mask_target, encode_png(Image.fromarray(mask.astype(np.uint8) * 255)))
    original = read_image(objects, row["original_blob"])
    if original is not None and original.size == picture.size:
        write_atomic(original_file(store, row), encode_png(original.convert("RGB")))
    write_atomic(target, data)
    return ""


def collect_repo(git_dir: Path | None, rows: list[Row], store: Path) -> list[Failure]:
    """Store the rows of one repository; what could not be had, with reasons."""
    if git_dir is None:
        return [(row["repo"], "no clone") for row in rows]
    with GitObjects(git_dir) as objects:
        reasons = [(row["repo"], collect_row(objects, row, store)) for row in rows]
    return [(repo, reason) for repo, reason in reasons if reason]


def index_entry(store: Path, row: Row) -> dict[str, object]:
    path, mask_path = files(store, row)
    with Image.open(mask_path) as mask:
        size = {"width": mask.width, "height": mask.height}
        share = f"{np.asarray(mask).mean() / 255:.4f}"
    original = original_file(store, row)
    places = {"path": path, "mask_path": mask_path}
    if original.is_file():
        places["original_path"] = original
    names = {key: place.relative_to(store).as_posix() for key, place in places.items()}
    return {**row, **size, "original_path": "", **names, "edited_share": share}


def write_index(store: Path, rows: list[Row]) -> int:
    """(Re)write STORE/edited.csv from the rows in the store; how many pictures it lists."""
    entries = [index_entry(store, row) for row in rows if is_stored(store, row)]
    buffer = io.StringIO(newline="")
    writer = csv.DictWriter(buffer, INDEX_COLUMNS, extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    writer.writerows(entries)
    write_atomic(store / "edited.csv", buffer.getvalue().encode())
    return len(entries)


def collect(rows: list[Row], roots: list[Path], store: Path, may_clone: bool) -> list[Failure]:
    """Store the rows that are not there yet; what could not be had, with reasons."""
    by_repo: dict[str, list[Row]] = defaultdict(list)
    for row in (row for row in rows if not is_stored(store, row)):
        by_repo[row["repo"]].append(row)
    clones = find_clones(roots) if by_repo else {}
    failures: list[Failure] = []
    for repo, wanted in by_repo.items():
        at_hand = locate_clone(repo, clones)
        git_dir = at_hand or (clone(repo, roots[0]) if may_clone else None)
        failures += collect_repo(git_dir, wanted, store)
    return failures


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Gather edited pictures and their masks.")
    parser.add_argument("--sources", type=Path, required=True, help="table of pictures (CSV)")
    parser.add_argument("--clones", type=Path, action="append", required=True, metavar="DIR")
    parser.add_argument("--store", type=Path, required=True, help="where the pictures go")
    parser.add_argument("--no-clone", action="store_true", help="use only clones at hand")
    options = parser.parse_args(arguments)
    with options.sources.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    report(collect(rows, options.clones, options.store, not options.no_clone))
    listed = write_index(options.store, rows)
    print(f"{len(rows)} edited pictures asked for; the store now lists {listed}")
    return 0 if listed else 1


if __name__ == "__main__":
    sys.exit(main())
