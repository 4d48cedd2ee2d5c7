"""Whole pictures of all sizes from training sources, as people send them.

The composer's windows are for the network, which sees them by the ten thousand; these are for what
is fitted on what the finished network says of a picture.
"""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
from PIL import Image

from detector.contract import Labels
from detector.imaging import decode
from training import history
from training.compose import MADE, MIN_VISIBLE, READY, SHARES, Composer, Draft, choose
from training.history import Picture
from training.masks import Shapes
from training.pack import DRAWN, WHOLE, Pack, segment
from training.pool import DULL, HELD_OUT, Scene

LOG_SIDES = (np.log(256), np.log(1400))  # longer side of a finished picture, pixels
REDUCED_SHARE = 0.4  # of the pictures: after the edit, as before an upload
LOG_SCALES = (np.log(0.4), 0.0)  # by how much
LARGEST = 2000  # pixels of the longer side before it: editing more takes long
MAX_PIXELS = 12_000_000  # of a source picture: decoding more takes longer than judging
LOCAL = (Labels.LocallyEdited, Labels.LocallySynthesized)
READY_SHARE = 0.4  # of the local edits: published ones and inpainted ones, that lie in the pack
PACKED_SHARE = 0.2  # made of scenes of the pack, which have outlines of objects and generated twins
SMALLEST = 256  # pixels of the shorter side: room for an edit


class Pictures:
    """Whole pictures of one class from training sources, a source as likely as another."""

    def __init__(self, store: Path, label: Labels) -> None:
        self._store = store
        self._sources: dict[str, list[str]] = {}
        with (store / "index.csv").open(newline="") as file:
            for row in csv.DictReader(file):
                usable = int(row["width"]) * int(row["height"]) <= MAX_PIXELS
                usable &= min(int(row["width"]), int(row["height"])) >= SMALLEST
                usable &= row["source"] not in HELD_OUT | DULL and DRAWN not in row["note"]
                if usable and row["label"] == label.name:
                    self._sources.setdefault(row["source"], []).append(row["path"])

    def draw(self, rng: np.random.Generator, scale: float = 1.0) -> Picture:
        """A picture, (H, W, 3) uint8, reduced to a drawn size over `scale` if it is larger."""
        names = list(self._sources)
        sizes = np.sqrt([len(self._sources[name]) for name in names])
        paths = self._sources[names[int(rng.choice(len(names), p=sizes / sizes.sum()))]]
        image = decode((self._store / paths[int(rng.integers(len(paths)))]).read_bytes())
        side = min(LARGEST, float(np.exp(rng.uniform(*LOG_SIDES))) / scale)
        ratio = side / max(image.shape[:2])
        ratio = max(ratio, SMALLEST / scale / min(image.shape[:2]))
        if ratio >= 1:
            return image
        size = (round(image.shape[1] * ratio), round(image.shape[0] * ratio))
        return np.asarray(Image.fromarray(image).resize(size, Image.Resampling.LANCZOS))


class WholePictures:
    """Seeded draws: a local edit, the picture before it where that is known, a generated one."""

    def __init__(self, pack: Path, store: Path, seed: int) -> None:
        self._composer = Composer(Pack(pack), SMALLEST, seed)
        self._real = Pictures(store, Labels.Natural)
        self._fake = Pictures(store, Labels.FullySynthesized)
        self._seed = seed

    def draw(self, number: int) -> list[tuple[Picture, Labels]]:
        """The draw of that number; the same past and later history before and after the edit."""
        rng = np.random.default_rng((self._seed, number))
        scale = _scale(rng)
        draft = self._draft(rng, scale)
        later = int(rng.integers(2**32))
        drawn = [(_finished(draft.image, scale, later), draft.label)]
        if draft.pristine is not None:
            drawn.append((_finished(draft.pristine, scale, later), Labels.Natural))
        scale = _scale(rng)
        generated = history.before(self._fake.draw(rng, scale), rng)
        generated = _finished(generated, scale, int(rng.integers(2**32)))
        return [*drawn, (generated, Labels.FullySynthesized)]

    def _draft(self, rng: np.random.Generator, scale: float) -> Draft:
        while True:
            source = rng.random()
            if source < READY_SHARE:
                label = LOCAL[int(rng.integers(len(LOCAL)))]
                kinds = {k: v for k, v in SHARES[label].items() if k in READY}
                draft = self._composer.ready(label, choose(kinds, rng), rng, WHOLE, whole=True)
            elif source < READY_SHARE + PACKED_SHARE:
                draft = self._composer.made(choose(MADE, rng), rng, WHOLE)
            else:
                base = self._real.draw(rng, scale)
                scene = Scene(base, Shapes(segment(base))).aged(rng)
                draft = self._composer.manipulate(scene, choose(MADE, rng), rng)
            if draft is not None and (draft.mask > 0).mean() > MIN_VISIBLE:
                return draft


def _scale(rng: np.random.Generator) -> float:
    return float(np.exp(rng.uniform(*LOG_SCALES))) if rng.random() < REDUCED_SHARE else 1.0


def _finished(picture: Picture, scale: float, seed: int) -> Picture:
    """Reduced, but not below SMALLEST, and aged; all chance comes from `seed`."""
    rng = np.random.default_rng(seed)
    scale = max(scale, min(1.0, SMALLEST / min(picture.shape[:2])))
    if scale < 1:
        picture = history.resize(picture, scale, rng)
    return history.after(picture, rng)
