"""One batch under way: its rows so far, how long it will take, and the files it leaves."""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from tempfile import mkdtemp

from gradio.utils import get_upload_folder

from demo.batch import Results, Row, gather, run, to_csv
from engine import Engine
from settings import Settings


class Job:
    """Runs in the thread that iterates over it; `stop` and `finish` may be called from any.

    Attributes:
        rows: what is done.
        total: how many files there are; 0 until they are listed.
        current: the name of the file being examined.
        notes: what to tell about the files, in sentences.
    """

    def __init__(self, files: list[tuple[Path, str]], engine: Engine, settings: Settings) -> None:
        self.rows: list[Row] = []
        self.total = 0
        self.current = ""
        self.notes: list[str] = []
        self.ended = False
        self._files = files
        self._engine = engine
        self._settings = settings
        self._stop = threading.Event()
        self._lock = threading.Lock()
        self._started = time.monotonic()
        self._left: tuple[str, str] | None = None
        Path(get_upload_folder()).mkdir(parents=True, exist_ok=True)
        folder = Path(mkdtemp(dir=get_upload_folder()))  # swept with everything else there
        self._results = Results(folder / "editscope-masks.zip")

    def __iter__(self) -> Iterator[None]:
        """Examine file after file; yields before the first and after each."""
        try:
            limits = self._settings
            with gather(self._files, limits.max_body_bytes) as (items, self.notes):
                self.total = len(items)
                self.current = items[0].name if items else ""
                yield
                add = self._results.add
                for row in run(items, self._engine, limits.max_pixels, self._stop, add):
                    with self._lock:
                        if self.ended:
                            return
                        self.rows.append(row)
                    done = len(self.rows)
                    self.current = items[done].name if done < self.total else ""
                    yield
        finally:  # also when Gradio drops the generator, since the page was closed
            self.stop()
            self.finish()

    def stop(self) -> None:
        """Ask for an end after the current picture."""
        self._stop.set()

    def finish(self) -> tuple[str, str]:
        """Paths of the table (CSV) and of the zip of masks, responses and table.

        What has been done until the first call is in them; nothing is added later.
        """
        with self._lock:
            self.ended = True
            if self._left is None:
                self._results.close(self.rows)
                table = self._results.path.with_name("editscope-results.csv")
                table.write_bytes(to_csv(self.rows))
                self._left = str(table), str(self._results.path)
            return self._left

    def discard(self) -> None:
        """End the batch and delete the files it left."""
        self.stop()
        self.finish()
        shutil.rmtree(self._results.path.parent, ignore_errors=True)

    @property
    def seconds_left(self) -> float | None:
        """By the mean of the pictures so far; None before the first."""
        done = len(self.rows)
        if not done or self.ended:
            return None
        return (time.monotonic() - self._started) / done * (self.total - done)
