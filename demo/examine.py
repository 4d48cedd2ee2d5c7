"""From an uploaded file to an examination: read, decode, ask the engine."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from demo.damage import Damage, assess
from demo.orientation import read_orientation
from detector.imaging import ImageError, decode
from detector.regions import Region, find_regions
from detector.reliability import Reliability, measure
from detector.verdict import Verdict
from engine import Analysis, Busy, Engine, NotReady

# The decoder speaks to programs of "data"; whoever sent a file is told about the file.
SENTENCES = {
    "not_an_image": "This file is not a picture.",
    "corrupt_image": "This picture's file is damaged: nothing of it can be shown.",
}


class Problem(Exception):
    """No verdict can be given; the message is one sentence for the person who sent the picture."""


@dataclass(frozen=True, eq=False)
class Examination:
    """One picture and what was found.

    Attributes:
        name: the file's name as its sender calls it.
        image: (H, W, 3) uint8 RGB, as stored.
        orientation: EXIF, 1..8; how `image` asks to be seen.
        analysis: the engine's answer for `image`.
        model: the detector's name and version; empty where nobody said.
        damage: what the file lacks; None if it is all there.
    """

    name: str
    image: NDArray[np.uint8]
    orientation: int
    analysis: Analysis
    model: str = ""
    damage: Damage | None = None

    @property
    def verdict(self) -> Verdict:
        return self.analysis.verdict

    @property
    def suspicious(self) -> bool:
        """Whether the detector's map passes the threshold somewhere, marked or not."""
        verdict = self.verdict
        return verdict.manipulation is not None and bool(
            verdict.manipulation.max() > verdict.threshold
        )

    @cached_property
    def regions(self) -> list[Region]:
        """The connected regions of the mask as stored, largest first."""
        verdict = self.verdict
        if verdict.mask is None or self.analysis.step == "prior":
            return []
        return find_regions(verdict.mask, verdict.manipulation)

    @cached_property
    def reliability(self) -> Reliability:
        """How far the pixels, as stored, can carry the verdict."""
        return measure(self.image)


def examine(path: Path, name: str, engine: Engine, max_pixels: int, model: str = "") -> Examination:
    """Examine the file at `path` with `engine`, which holds the detector `model`.

    Raises:
        Problem: the file is no picture that can be read, or the engine has no room now.
    """
    data = path.read_bytes()
    try:
        image = decode(data, max_pixels)
    except ImageError as error:
        raise Problem(SENTENCES.get(error.code) or str(error)) from error
    damage = assess(data, image)
    if damage is not None and damage.total:
        raise Problem(damage.words)
    try:
        analysis = engine.analyse(image)
    except NotReady as error:
        raise Problem(
            "The detector could not be loaded; the server's log says why."
            if engine.failure
            else "The detector is still loading. Try again in a few seconds."
        ) from error
    except Busy as error:
        raise Problem("Too many pictures are waiting. Try again in a moment.") from error
    return Examination(name, image, read_orientation(data), analysis, model, damage)
