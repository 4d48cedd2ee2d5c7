"""Gather the pictures of a sources table from public git repositories into a local store.

Usage: python -m training.collect --sources training/sources.csv --clones DIR --store DIR

Each picture is found by its git blob id, checked by its sha256, and written untouched to
STORE/images/<sha256[:2]>/; STORE/index.csv lists what is there. A second run only adds what
is missing. Exit status: 0 if at least one picture is in the store, else 1.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import io
import os
import re
import sys
import zipfile
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from functools import cache, lru_cache
from pathlib import Path, PurePosixPath

from PIL import Image
from tqdm import tqdm

from training.clones import GitObjects, clone, find_clones, locate_clone

Row = dict[str, str]
Failure = tuple[str, str]  # repository and reason: what the closing report counts
Step = Callable[[], object]  # called once a picture, for the progress line

GRID_NOTE = "grid2x2"  # note of a picture that is four pictures side by side
QUADRANTS = 4  # pictures in such a grid
ZIP_MARK = ".zip!"  # "a.zip!b.jpg" is the member b.jpg of a.zip
UNREADABLE = (OSError, SyntaxError, Image.DecompressionBombError)  # what Pillow raises on junk
INDEX_COLUMNS = [
    *("path", "label", "source", "generator_or_camera", "repo", "license"),
    *("width", "height", "format", "sha256", "note"),
]


def read_sources(path: Path, license_pattern: str = "") -> list[Row]:
    """Rows of the table whose licence matches the pattern, each picture (sha256) once."""
    wanted = re.compile(license_pattern, re.IGNORECASE)
    with path.open(newline="", encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if wanted.search(row["license"])]
    return list({row["sha256"]: row for row in reversed(rows)}.values())[::-1]


@lru_cache(maxsize=2)  # one archive a job: its members follow each other in the table
def open_zip(objects: GitObjects, name: str) -> zipfile.ZipFile | None:
    """The zip archive called `name` in the repository, None if there is none."""
    data = io.BytesIO(objects.read(name) or b"")
    return zipfile.ZipFile(data) if zipfile.is_zipfile(data) else None


def read_path(objects: GitObjects, commit: str, path: str) -> bytes | None:
    """Bytes of a file, or of a member of a zip file, in the tree of a commit."""
    outer, mark, member = path.partition(ZIP_MARK)
    if not mark:
        return objects.read(f"{commit}:{path}")
    archive = open_zip(objects, f"{commit}:{outer}.zip")
    return archive.read(member) if archive and member in archive.namelist() else None


def candidates(objects: GitObjects, row: Row) -> Iterator[bytes | None]:
    """What the row may mean, best first: its blob anywhere in history, then its path."""
    yield objects.read(row["blob"])
    for commit in (row["commit"], "HEAD"):
        yield read_path(objects, commit, row["path"])


def fetch(objects: GitObjects, row: Row) -> tuple[bytes | None, str]:
    """Verified bytes of the row's picture, or None and the reason."""
    reason = "missing"
    for data in candidates(objects, row):
        if data is not None and hashlib.sha256(data).hexdigest() == row["sha256"]:
            return data, ""
        reason = reason if data is None else "sha256 mismatch"
    return None, reason


def targets(store: Path, row: Row) -> list[Path]:
    """Files a row fills in the store: the picture itself, or the four quadrants of a grid."""
    sha256 = row["sha256"]
    folder = store / "images" / sha256[:2]
    if row["note"] == GRID_NOTE:
        return [folder / f"{sha256}_{number}.png" for number in range(QUADRANTS)]
    return [folder / (sha256 + PurePosixPath(row["path"]).suffix.lower())]


def is_stored(store: Path, row: Row) -> bool:
    return all(target.is_file() for target in targets(store, row))


def encode_png(picture: Image.Image) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, "PNG")
    return buffer.getvalue()


def quadrants(data: bytes) -> list[bytes]:
    """PNG bytes of the four quadrants, row by row; an odd last row or column is left out."""
    with Image.open(io.BytesIO(data)) as picture:
        width, height = picture.width // 2, picture.height // 2
        corners = [(x, y) for y in (0, height) for x in (0, width)]
        return [encode_png(picture.crop((x, y, x + width, y + height))) for x, y in corners]


def write_atomic(path: Path, data: bytes) -> None:
    """Write a file so that no reader ever sees half of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(path.name + ".part")
    temporary.write_bytes(data)
    os.replace(temporary, path)


def store_picture(store: Path, row: Row, data: bytes) -> str:
    """Write the row's files; the reason if Pillow cannot read the picture, else ''."""
    try:
        with Image.open(io.BytesIO(data)):
            pieces = quadrants(data) if row["note"] == GRID_NOTE else [data]
    except UNREADABLE:
        return "unreadable"
    for target, piece in zip(targets(store, row), pieces, strict=True):
        write_atomic(target, piece)
    return ""


def collect_repo(git_dir: Path, rows: list[Row], store: Path, step: Step) -> list[Failure]:
    """Store the rows of one repository; what could not be had, with reasons."""
    failures = []
    with GitObjects(git_dir) as objects:
        for row in rows:
            data, reason = fetch(objects, row)
            reason = reason if data is None else store_picture(store, row, data)
            failures += [(row["repo"], reason)] if reason else []
            step()
    return failures


@cache  # the index is written once a repository, over the same files
def measure(path: Path) -> tuple[int, int, str]:
    """Width and height in pixels as stored (EXIF rotation not applied), and the format."""
    with Image.open(path) as picture:
        return picture.width, picture.height, picture.format or ""


def index_entry(store: Path, row: Row, path: Path) -> dict[str, object]:
    width, height, format_ = measure(path)
    size = {"width": width, "height": height, "format": format_}
    return {**row, **size, "path": path.relative_to(store).as_posix()}


def write_index(store: Path, rows: list[Row]) -> int:
    """(Re)write STORE/index.csv from the rows that are in the store; how many files it lists."""
    stored = [row for row in rows if is_stored(store, row)]
    entries = [index_entry(store, row, path) for row in stored for path in targets(store, row)]
    buffer = io.StringIO(newline="")
    writer = csv.DictWriter(buffer, INDEX_COLUMNS, extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    writer.writerows(entries)
    write_atomic(store / "index.csv", buffer.getvalue().encode())
    return len(entries)


def collect(rows: list[Row], roots: list[Path], store: Path, jobs: int, may_clone: bool) -> int:
    """Gather all rows, report what failed on stderr; how many files the store then lists."""
    by_repo: dict[str, list[Row]] = defaultdict(list)
    for row in (row for row in rows if not is_stored(store, row)):
        by_repo[row["repo"]].append(row)
    clones = find_clones(roots) if by_repo else {}
    failures: list[Failure] = []

    def work(repo: str, step: Step) -> list[Failure]:
        at_hand = locate_clone(repo, clones)
        git_dir = at_hand or (clone(repo, roots[0]) if may_clone else None)
        if git_dir is None:
            return [(repo, "no clone")] * len(by_repo[repo])
        return collect_repo(git_dir, by_repo[repo], store, step)

    total = sum(map(len, by_repo.values()))
    with tqdm(total=total, unit="picture") as bar, ThreadPoolExecutor(jobs) as pool:
        for done in as_completed([pool.submit(work, repo, bar.update) for repo in by_repo]):
            failures += done.result()
            write_index(store, rows)
    report(failures)
    return write_index(store, rows)


def report(failures: list[Failure]) -> None:
    """Print what could not be had, counted by repository and reason."""
    for (repo, reason), count in sorted(Counter(failures).items()):
        print(f"{repo}: {count} {reason}", file=sys.stderr)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Gather pictures from git repositories.")
    parser.add_argument("--sources", type=Path, required=True, help="table of pictures (CSV)")
    parser.add_argument("--clones", type=Path, action="append", required=True, metavar="DIR")
    parser.add_argument("--store", type=Path, required=True, help="where the pictures go")
    parser.add_argument("--jobs", type=int, default=2, help="repositories read at a time")
    parser.add_argument("--only-license", default="", metavar="REGEX")
    parser.add_argument("--no-clone", action="store_true", help="use only clones at hand")
    options = parser.parse_args(arguments)
    rows = read_sources(options.sources, options.only_license)
    may_clone = not options.no_clone
    listed = collect(rows, options.clones, options.store, options.jobs, may_clone)
    print(f"{len(rows)} pictures asked for; the store's index now lists {listed} files")
    return 0 if listed else 1


if __name__ == "__main__":
    sys.exit(main())
