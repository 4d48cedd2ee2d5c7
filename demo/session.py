"""What the tabs under the viewer are given: the picture on the page now, and the engine."""

from __future__ import annotations

import threading
import weakref
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import gradio as gr

from demo.examine import Examination
from engine import Engine
from settings import Settings

SHELF_BYTES = 1_000_000_000  # of pixels and masks kept for all visitors: 20 photos of 12 megapixels
KEEP_S = 3600  # as long as Gradio keeps the files


class Current:
    """The picture on the page; it stays on the server, in a `gr.State`.

    Attributes:
        path: the file in Gradio's upload folder, its bytes untouched.
        name: the file's name as its sender calls it.
    """

    def __init__(self, path: str, name: str, examination: Examination) -> None:
        self.path = path
        self.name = name
        self._examination: Examination | None = examination
        _shelf.put(self)

    @property
    def examination(self) -> Examination:
        """What was found.

        Raises:
            gradio.Error: later pictures have taken its room.
        """
        examination = self._examination
        if examination is None:
            raise gr.Error(
                "This picture was put away to make room for others. Send it again.",
                print_exception=False,
            )
        return examination

    @property
    def nbytes(self) -> int:
        """Bytes of memory that its pixels and masks take; 0 once it was put away."""
        examination = self._examination
        if examination is None:
            return 0
        verdict = examination.verdict
        maps = (examination.image, verdict.mask, verdict.manipulation)
        return sum(pixels.nbytes for pixels in maps if pixels is not None)

    def put_away(self) -> None:
        """Forget the pixels; the file stays."""
        self._examination = None


class Shelf:
    """Bounds what the pictures of all visitors take: the oldest are put away first."""

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._kept: list[weakref.ref[Current]] = []
        self._lock = threading.Lock()

    def put(self, current: Current) -> None:
        with self._lock:
            alive = [held for ref in self._kept if (held := ref()) is not None and held.nbytes]
            total = current.nbytes + sum(held.nbytes for held in alive)
            while alive and total > self._max_bytes:
                oldest = alive.pop(0)
                total -= oldest.nbytes
                oldest.put_away()
            self._kept = [weakref.ref(held) for held in (*alive, current)]


_shelf = Shelf(SHELF_BYTES)


@dataclass(frozen=True, slots=True)
class Session:
    """What a tab is built with.

    Attributes:
        upload: holds a `Current`, or None while there is no picture; new with each examination.
        engine: the page's and the API's one engine.
        settings: the service's.
        changed: `changed(fn, inputs, outputs)` runs `fn` after each examination, also after one
            that failed; for cheap work, such as clearing what a tab shows.
    """

    upload: gr.State
    engine: Engine
    settings: Settings
    changed: Callable[[Callable[..., Any], Any, Any], Any]
