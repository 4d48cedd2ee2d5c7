"""Many pictures, one after the other, through the page's engine: rows, CSV, a zip of masks.

A batch has one picture with the engine at a time, and the engine serves in the order of arrival:
whoever uses the page or `/predict` meanwhile waits for one picture of the batch, not for all.
"""

from __future__ import annotations

import csv
import io
import re
import tempfile
import threading
import time
import zipfile
from base64 import b64decode
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from demo.archive import ArchiveError, is_zip, open_archive
from demo.examine import Examination, Problem, examine
from demo.thumbnail import thumbnail
from demo.words import Step
from detector.contract import Labels
from engine import Busy, Engine, NotReady

MAX_FILES = 200  # a quarter of an hour on the Space's hardware
MAX_TOTAL_BYTES = 2**30  # unpacked; they are read one at a time, so this bounds time, not memory
RETRY_S = 2.0  # a picture takes about as long: then there may be room in the queue
PATIENCE_S = 180.0  # without a place in the queue, then a picture is given up
EMPTY = "This file is empty."
COLUMNS = (
    *("file", "label", "probability", *(label.name for label in Labels), "marked_share"),
    *("width", "height", "bytes", "resolution", "seconds", "problem"),
)
# A spreadsheet takes a cell that begins so for a formula (OWASP, "CSV Injection").
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n")


@dataclass(frozen=True, slots=True)
class Item:
    """A file to examine.

    Attributes:
        name: as its sender calls it.
        size: bytes.
        problem: why it will not be examined, in one sentence; empty if it will.
        read: its bytes; raises `ArchiveError` where a zip holds them damaged.
    """

    name: str
    size: int
    problem: str
    read: Callable[[], bytes]


@dataclass(frozen=True, slots=True)
class Row:
    """What came of one file; the fields after `problem` are None where there is one.

    Attributes:
        probabilities: in the order of `Labels`, sum 1.
        marked: share of the pixels, 0..1; None also where the detector does not localise.
        seconds: with waiting for the engine's other visitors.
        damage: what the file lacks, in sentences; empty if it is all there.
        thumbnail: a small JPEG, upright, with the marked area tinted.
    """

    name: str
    size: int
    problem: str = ""
    label: Labels | None = None
    probabilities: tuple[float, ...] | None = None
    marked: float | None = None
    width: int | None = None
    height: int | None = None
    resolution: Step | None = None
    seconds: float | None = None
    damage: str = ""
    thumbnail: bytes | None = field(default=None, repr=False)

    @property
    def probability(self) -> float | None:
        """That of `label`."""
        return None if self.probabilities is None else max(self.probabilities)


@contextmanager
def gather(
    files: Iterable[tuple[Path, str]], max_file_bytes: int
) -> Iterator[tuple[list[Item], list[str]]]:
    """List what is to be examined: the files, and what is in those that are zips.

    Yields:
        The items, readable until the context ends, and what to tell about them, in sentences.
    """
    items: list[Item] = []
    clutter = 0
    with ExitStack() as archives:
        for path, name in files:
            with path.open("rb") as file:
                head = file.read(4)
            if not is_zip(head):
                size = path.stat().st_size
                items.append(Item(name, size, "" if size else EMPTY, path.read_bytes))
                continue
            try:
                contents = archives.enter_context(open_archive(path, max_file_bytes))
            except ArchiveError as error:
                items.append(Item(name, path.stat().st_size, str(error), path.read_bytes))
                continue
            clutter += contents.clutter
            items += [Item(m.name, m.size, m.problem, m.read) for m in contents.members]
        notes = []
        if clutter:
            notes.append(f"Left out: {clutter} of the hidden files that operating systems add.")
        if len(items) > MAX_FILES:
            notes.append(
                f"The first {MAX_FILES} of {len(items)} files are examined; "
                "send the others in another batch."
            )
        yield _within_total(items[:MAX_FILES]), notes


def run(
    items: list[Item],
    engine: Engine,
    max_pixels: int,
    stop: threading.Event,
    keep: Callable[[Row, Examination], None] = lambda row, examination: None,
) -> Iterator[Row]:
    """Examine the items in their order; ends after the current one once `stop` is set.

    Args:
        keep: called with each row that has a verdict, before it is yielded.
    """
    for item in items:
        if stop.is_set():
            return
        if item.problem:
            yield Row(item.name, item.size, item.problem)
            continue
        try:
            examination = _examine(item, engine, max_pixels, stop)
        except (ArchiveError, Problem) as problem:
            if not stop.is_set():
                yield Row(item.name, item.size, str(problem))
            continue
        row = _row(item, examination)
        keep(row, examination)
        yield row


def to_csv(rows: Iterable[Row]) -> bytes:
    """A table by RFC 4180 in UTF-8; the mark at its start lets spreadsheets know the encoding."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)  # CRLF, quotes doubled
    writer.writerow(COLUMNS)
    for row in rows:
        probabilities = row.probabilities or [None] * len(Labels)
        writer.writerow(
            [
                *(defused(row.name), row.label.name if row.label is not None else ""),
                *map(_number, (row.probability, *probabilities, row.marked)),
                *(row.width, row.height, row.size, row.resolution),
                "" if row.seconds is None else f"{row.seconds:.2f}",
                defused(row.problem or row.damage),
            ]
        )
    return text.getvalue().encode("utf-8-sig")


def defused(cell: str) -> str:
    """A text that no spreadsheet takes for a formula: where it looks like one, ' goes before."""
    return f"'{cell}" if cell.lstrip(" ").startswith(FORMULA_STARTS) else cell


class Results:
    """A zip of masks and responses that grows with the batch, and can be closed at any time."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._zip = zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED)
        self._lock = threading.Lock()
        self._count = 0
        self._open = True

    def add(self, row: Row, examination: Examination) -> None:
        """Put in the mask (PNG, where there is one) and the API's response (JSON)."""
        answer = examination.verdict.to_response()
        with self._lock:
            if not self._open:
                return
            self._count += 1
            stem = f"{self._count:03d}-{_stem(row.name)}"
            if answer.localizationMask is not None:
                mask = b64decode(answer.localizationMask.data)
                self._zip.writestr(f"masks/{stem}-mask.png", mask, zipfile.ZIP_STORED)
            self._zip.writestr(f"responses/{stem}.json", answer.model_dump_json(indent=2))

    def close(self, rows: Iterable[Row]) -> None:
        """Add the table and finish the file; later calls do nothing."""
        with self._lock:
            if self._open:
                self._zip.writestr("results.csv", to_csv(rows))
                self._zip.close()
                self._open = False


def _within_total(items: list[Item]) -> list[Item]:
    total, allowed = 0, []
    for item in items:
        total += 0 if item.problem else item.size
        if total > MAX_TOTAL_BYTES and not item.problem:
            limit = f"The batch's limit of {MAX_TOTAL_BYTES // 2**30} GB was reached before it."
            allowed.append(Item(item.name, item.size, limit, item.read))
        else:
            allowed.append(item)
    return allowed


def _examine(item: Item, engine: Engine, max_pixels: int, stop: threading.Event) -> Examination:
    """Examine, and where the engine has no room wait for it.

    Raises:
        ArchiveError, Problem: see there.
    """
    deadline = time.monotonic() + PATIENCE_S
    with tempfile.NamedTemporaryFile() as file:  # a name in a zip is never a path
        file.write(item.read())
        file.flush()
        while True:
            try:
                return examine(Path(file.name), item.name, engine, max_pixels)
            except Problem as problem:
                full = isinstance(problem.__cause__, Busy | NotReady) and engine.failure is None
                if not full or time.monotonic() > deadline or stop.wait(RETRY_S):
                    raise


def _row(item: Item, examination: Examination) -> Row:
    verdict, analysis = examination.verdict, examination.analysis
    height, width = examination.image.shape[:2]
    return Row(
        item.name,
        item.size,
        label=verdict.label,
        probabilities=tuple(float(p) for p in verdict.probabilities),
        marked=None if verdict.mask is None else float(verdict.mask.mean()),
        width=width,
        height=height,
        resolution=analysis.step,
        seconds=analysis.seconds,
        damage="" if examination.damage is None else examination.damage.words,
        thumbnail=thumbnail(examination.image, verdict.mask, examination.orientation),
    )


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.6f}"


def _stem(name: str) -> str:
    """What is left of a name that any file system takes."""
    last = name.replace("\\", "/").rsplit("/", 1)[-1]
    return re.sub(r"[^\w-]+", "-", last.rsplit(".", 1)[0]).strip("-")[:60] or "picture"
