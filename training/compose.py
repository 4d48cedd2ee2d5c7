"""Draw labelled samples: a real or generated picture, what is done to it, its later history.

A `Composer` is seeded: the same pack, seed and index give the same sample.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from detector.contract import Labels
from training import edits, history, synthesis
from training.history import Picture
from training.masks import Mask, random_mask
from training.pack import Entry, Pack

# Shares of the classes; edits get most, since they have the most kinds and must be localised.
CLASS_SHARES = {
    Labels.Natural: 0.28,
    Labels.FullySynthesized: 0.20,
    Labels.LocallyEdited: 0.32,
    Labels.LocallySynthesized: 0.20,
}
EDIT_SHARES = {"splice": 0.42, "copy_move": 0.24, "removal": 0.16, "retouch": 0.18}
SYNTHESIS_SHARES = {"pasted": 0.55, "redrawn": 0.35, "background": 0.10}
MIN_VISIBLE = 0.004  # of the sample: a manipulated area below it cannot be asked for
CANVAS = 1.3  # sides of the sample: room for where it is cut
LOG_SCALES = (np.log(0.5), np.log(1.3))  # resizing of the finished picture
PRISTINE, EDITED, SYNTHESIZED = 0, 1, 2
ARTISTIC = {  # drawn or painted looks, less like what people try to pass off as photographs
    "dcsan_imagen", "supagruen_sd15", "preangelleo_styles", "jovan_art", "wowqaq",
    "edmundhong_sd14", "edmundhong_sdassets", "mindbomber_ai_art", "comfy_examples",
    "isloai_wallpapers",
}  # fmt: skip
ARTISTIC_WEIGHT = 0.35  # their share beside photographic sources of the same size
HELD_OUT = {  # never trained on: validation and calibration
    "vicliv_real", "kavala", "beekkanthuis", "codec_corpus_clic", "selfexsr_sunhays", "immich",
    "vicliv_grok", "byron_fake", "flux_realpix", "necenzurat", "omnigen", "wowmarco_gpt",
    "kaivalya_ai", "kaivalya_human", "grip_originals", "myles2", "hitthecode_sdxl",
}  # fmt: skip


@dataclass(frozen=True)
class Sample:
    """One training example.

    Attributes:
        image: (S, S, 3) uint8 RGB.
        mask: (S, S) uint8: 0 pristine, 1 edited, 2 synthesized.
        label: value of `Labels`.
        kind: what was done, for tables by kind.
    """

    image: Picture
    mask: NDArray[np.uint8]
    label: int
    kind: str


class Composer:
    """Draws samples of S x S pixels from a pack: from its training sources or the held-out ones."""

    def __init__(self, pack: Pack, size: int, seed: int, held_out: bool = False) -> None:
        self.pack, self.size, self.seed = pack, size, seed
        self._real = _Pool(pack, "Natural", held_out)
        self._fake = _Pool(pack, "FullySynthesized", held_out)

    def sample(self, index: int) -> Sample:
        """The sample of that number: label first, so that the shares are exact in the long run."""
        rng = np.random.default_rng((self.seed, index))
        label = Labels(int(rng.choice(list(CLASS_SHARES), p=list(CLASS_SHARES.values()))))
        while True:
            scale = 1.0 if rng.random() < 0.5 else float(np.exp(rng.uniform(*LOG_SCALES)))
            side = int(CANVAS * self.size / min(1.0, scale))
            image, mask, kind = self._draw(label, rng, side)
            image, mask = _resized(image, mask, scale, self.size, rng)
            image = history.after(image, rng)
            window = _window(mask, self.size, rng, local=label >= Labels.LocallyEdited)
            image, mask = image[window], mask[window]
            if label < Labels.LocallyEdited or MIN_VISIBLE < (mask > 0).mean() < 0.97:
                return Sample(np.ascontiguousarray(image), np.ascontiguousarray(mask), label, kind)

    def _draw(
        self, label: Labels, rng: np.random.Generator, side: int
    ) -> tuple[Picture, NDArray[np.uint8], str]:
        if label is Labels.FullySynthesized:
            image, _ = self._fake.draw(rng, self.size, side)
            return image, np.full(image.shape[:2], SYNTHESIZED, np.uint8), "generated"
        base, segments = self._real.draw(rng, self.size, side)
        if label is Labels.Natural:
            return base, np.zeros(base.shape[:2], np.uint8), "natural"
        if label is Labels.LocallyEdited:
            image, mask, kind = self._edit(base, segments, rng)
            return image, mask.astype(np.uint8) * EDITED, kind
        image, mask, kind = self._synthesize(base, segments, rng)
        return image, mask.astype(np.uint8) * SYNTHESIZED, kind

    def _edit(
        self, base: Picture, segments: NDArray[np.uint8], rng: np.random.Generator
    ) -> tuple[Picture, Mask, str]:
        kind = str(rng.choice(list(EDIT_SHARES), p=list(EDIT_SHARES.values())))
        if kind == "splice":
            donor, donor_segments = self._real.draw(rng, self.size, max(base.shape))
            shape = random_mask(donor.shape[:2], rng, donor_segments)
            return (*edits.splice(base, donor, shape, rng), kind)
        edit = {"copy_move": edits.copy_move, "removal": edits.remove, "retouch": edits.retouch}
        return (*edit[kind](base, segments, rng), kind)

    def _synthesize(
        self, base: Picture, segments: NDArray[np.uint8], rng: np.random.Generator
    ) -> tuple[Picture, Mask, str]:
        kind = str(rng.choice(list(SYNTHESIS_SHARES), p=list(SYNTHESIS_SHARES.values())))
        if kind == "redrawn":
            return (*synthesis.local(base, segments, rng), kind)
        donor, donor_segments = self._fake.draw(rng, self.size, max(base.shape))
        if kind == "pasted":
            shape = random_mask(donor.shape[:2], rng, donor_segments)
            return (*edits.splice(base, donor, shape, rng), kind)
        shape = random_mask(base.shape[:2], rng, segments)
        image, kept = edits.splice(donor, base, shape, rng)
        return image, ~kept, kind


class _Pool:
    """Crops of one class with a chance each: sources weigh by the root of their size."""

    def __init__(self, pack: Pack, label: str, held_out: bool) -> None:
        self._pack = pack
        entries = pack.entries
        self._index = np.array(
            [
                index
                for index, entry in enumerate(entries)
                if entry.label == label and (entry.source in HELD_OUT) == held_out
            ]
        )
        self._chances = _weights([entries[i] for i in self._index])

    def draw(
        self, rng: np.random.Generator, smallest: int, side: int
    ) -> tuple[Picture, NDArray[np.uint8]]:
        """A canvas of about `side` a side, at least `smallest`, with a past of its own."""
        index = int(rng.choice(self._index, p=self._chances))
        image, segments = self._pack.image(index), self._pack.segments(index)
        image, segments = _cropped(image, segments, side, rng)
        if rng.random() < 0.5:
            image, segments = image[:, ::-1], segments[:, ::-1]
        image = np.ascontiguousarray(image)
        if min(image.shape[:2]) < smallest:
            image = _padded(image, smallest)
        return history.before(image, rng), np.ascontiguousarray(segments)


def _cropped(
    image: Picture, segments: NDArray[np.uint8], side: int, rng: np.random.Generator
) -> tuple[Picture, NDArray[np.uint8]]:
    """A window of at most `side` a side, and the same window of the segmentation."""
    windows = []
    for length, cells in zip(image.shape[:2], segments.shape, strict=True):
        start = int(rng.integers(0, max(1, (length - side) // 8 + 1))) * 8
        stop = min(length, start + side)
        first = start * cells // length
        windows.append((slice(start, stop), slice(first, max(first + 24, stop * cells // length))))
    (rows, cell_rows), (columns, cell_columns) = windows
    return image[rows, columns], segments[cell_rows, cell_columns]


def _weights(entries: Sequence[Entry]) -> NDArray[np.float64]:
    """Chances that give a source the root of its size, and drawn pictures less of it."""
    names, counts = np.unique([entry.source for entry in entries], return_counts=True)
    sizes = dict(zip(names.tolist(), counts.tolist(), strict=True))

    def weight(entry: Entry) -> float:
        drawn = entry.source in ARTISTIC or not entry.photographic
        return (ARTISTIC_WEIGHT if drawn else 1.0) / float(np.sqrt(sizes[entry.source]))

    weights = np.array([weight(entry) for entry in entries])
    return np.asarray(weights / weights.sum())


def _padded(image: Picture, size: int) -> Picture:
    """Mirror a picture smaller than the sample at its right and lower border."""
    bottom, right = max(0, size - image.shape[0]), max(0, size - image.shape[1])
    return np.asarray(cv2.copyMakeBorder(image, 0, bottom, 0, right, cv2.BORDER_REFLECT), np.uint8)


def _resized(
    image: Picture, mask: NDArray[np.uint8], scale: float, size: int, rng: np.random.Generator
) -> tuple[Picture, NDArray[np.uint8]]:
    """Resize picture and mask together; never below the sample's size."""
    scale = max(scale, size / min(image.shape[:2]))
    if abs(scale - 1) < 0.02:
        return image, mask
    image = history.resize(image, scale, rng)
    return image, np.asarray(
        cv2.resize(mask, image.shape[1::-1], interpolation=cv2.INTER_NEAREST), np.uint8
    )


def _window(
    mask: NDArray[np.uint8], size: int, rng: np.random.Generator, local: bool
) -> tuple[slice, slice]:
    """Where to cut the sample: on the 8x8 grid mostly, round a manipulated pixel if `local`."""
    step = 8 if rng.random() < 0.75 else 1
    limits = (mask.shape[0] - size, mask.shape[1] - size)
    corner = [int(rng.integers(0, limit + 1)) for limit in limits]
    if local and mask.any() and rng.random() < 0.9:
        hits = np.flatnonzero(mask)
        pixel = np.unravel_index(int(hits[rng.integers(hits.size)]), mask.shape)
        corner = [int(p) - int(rng.integers(0, size)) for p in pixel]
    top, left = (
        int(np.clip(c, 0, limit)) // step * step for c, limit in zip(corner, limits, strict=True)
    )
    return slice(top, top + size), slice(left, left + size)
