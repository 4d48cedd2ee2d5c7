"""Draw scenes from a pack: crops of one class, with outlines and regenerated twins beside them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from training import history
from training.history import Picture
from training.inpaints import Inpaints
from training.masks import Mask, Shapes
from training.objects import Objects
from training.pack import REDUCED, Entry, Pack
from training.twins import Twins

DULL = {  # drawn or painted looks, colour charts: unlike what people try to pass off
    "digicam_corpus",
    "dcsan_imagen", "supagruen_sd15", "preangelleo_styles", "jovan_art", "wowqaq",
    "edmundhong_sd14", "edmundhong_sdassets", "mindbomber_ai_art", "comfy_examples",
    "isloai_wallpapers", "nerdyrodent_vqganclip",
}  # fmt: skip
DULL_WEIGHT = 0.35  # their share beside photographic sources of the same size
CALIBRATING = {  # never trained on, nor reported on
    "opel_manta", "opensfm_data", "asu_aer_2018", "leoleo9_recettes", "sine_site",
    "qianfosi_temple", "imagededup_ukbench", "photoprism_samples", "openalpr_plates",
    "kangaroo_dataset", "handwriting_ocr",
    "flux2_swift", "brockwebb_faces", "yehia_bench", "beozzo_stylegan3", "sd_embed",
    "kokcheng_gemini", "songguo_nbp", "kurlyto_mountain",
}  # fmt: skip
HELD_OUT = CALIBRATING | {  # never trained on: validation and calibration
    "vicliv_real", "kavala", "beekkanthuis", "codec_corpus_clic", "selfexsr_sunhays", "immich",
    "vicliv_grok", "byron_fake", "flux_realpix", "necenzurat", "omnigen", "wowmarco_gpt",
    "kaivalya_ai", "kaivalya_human", "grip_originals", "myles2", "hitthecode_sdxl",
}  # fmt: skip
MIN_CELLS = 24  # a side of an outline's map: less holds no outline worth growing
REDUCED_SHARE = 0.5  # of the draws: whole scenes, as people edit and publish them


@dataclass(frozen=True)
class Scene:
    """A crop and what lies beside it.

    Attributes:
        image: (H, W, 3) uint8 RGB.
        shapes: outlines found in it.
        twin: (H, W, 3) uint8, the crop redrawn by a generator, or None.
        region: (H, W) bool, where the twin shows something else than the crop, or None.
    """

    image: Picture
    shapes: Shapes
    twin: Picture | None = None
    region: Mask | None = None

    def aged(self, rng: np.random.Generator) -> Scene:
        """With a past of its own: compression and noise before anything is manipulated."""
        return replace(self, image=history.before(self.image, rng))


class Pool:
    """The entries of one label: training sources, or the held-out ones."""

    def __init__(self, pack: Pack, label: str, held_out: bool) -> None:
        self._pack = pack
        self._objects, self._twins = Objects(pack.folder), Twins(pack.folder)
        self._inpaints = Inpaints(pack.folder)
        self._held_out = held_out
        wanted = [
            index
            for index, entry in enumerate(pack.entries)
            if entry.label == label and (entry.source in HELD_OUT) == held_out
        ]
        reduced = [i for i in wanted if pack.entries[i].scale == REDUCED]
        native = [i for i in wanted if pack.entries[i].scale != REDUCED]
        self._groups = [_Group.of(pack.entries, part) for part in (native, reduced)]
        twinned = [i for i in wanted if self._twins.of(i, held_out)]
        outlined = [i for i in wanted if self._objects.mask(i) is not None]
        inpainted = [i for i in wanted if self._inpaints.of(i)]
        self._twinned, self._outlined, self._inpainted = (
            _Group.of(pack.entries, group) for group in (twinned, outlined, inpainted)
        )

    @property
    def indices(self) -> list[int]:
        """The entries that can be drawn."""
        return [int(i) for group in self._groups for i in group.indices]

    def draw(
        self,
        rng: np.random.Generator,
        smallest: int,
        side: int,
        twin: bool = False,
        outlined: bool = False,
    ) -> Scene:
        """A canvas of about `side` pixels a side, at least `smallest`.

        With a regenerated twin, or with an object's outline, if asked for; where the pack has none,
        without.
        """
        native, reduced = self._groups
        group = reduced if len(reduced) and rng.random() < REDUCED_SHARE else native
        if not len(group):
            group = reduced
        if outlined and len(self._outlined):
            group = self._outlined
        if twin and len(self._twinned):
            group = self._twinned
        return self._scene(group.draw(rng), rng, smallest, side, twin)

    def inpainted(self, rng: np.random.Generator, smallest: int, side: int) -> Scene | None:
        """A canvas as `draw` gives it, with a twin inpainted in its region; None if none is in it.

        The pack may have no such pictures at all.
        """
        if not len(self._inpainted):
            return None
        index = self._inpainted.draw(rng)
        entry, choices = self._pack.entries[index], self._inpaints.of(index)
        chosen = choices[int(rng.integers(len(choices)))]
        twin, region = self._inpaints.read(chosen, entry.height, entry.width)
        scene = self._cut(index, [twin, region], rng, smallest, side)
        return scene if scene.region is not None and scene.region.any() else None

    def _scene(
        self, index: int, rng: np.random.Generator, smallest: int, side: int, twin: bool
    ) -> Scene:
        entry = self._pack.entries[index]
        choices = self._twins.of(index, self._held_out) if twin else []
        beside: list[Picture | Mask] = []
        if choices:
            _, offset = choices[int(rng.integers(len(choices)))]
            beside.append(self._twins.image(offset, entry.height, entry.width))
        return self._cut(index, beside, rng, smallest, side)

    def _cut(
        self,
        index: int,
        beside: Sequence[Picture | Mask],
        rng: np.random.Generator,
        smallest: int,
        side: int,
    ) -> Scene:
        """A window of an entry and of what lies beside it: its twin, and the twin's region."""
        entry = self._pack.entries[index]
        layers = [self._pack.image(index), *beside]
        outline = self._objects.mask(index)
        cells = [self._pack.segments(index), *([] if outline is None else [outline])]
        rows, columns = (_window(n, side, rng) for n in (entry.height, entry.width))
        layers = [layer[rows, columns] for layer in layers]
        window = tuple(
            _cells(span, length, cells[0].shape[0])
            for span, length in ((rows, entry.height), (columns, entry.width))
        )
        cells = [array[window] for array in cells]
        if rng.random() < 0.5:
            layers = [layer[:, ::-1] for layer in layers]
            cells = [array[:, ::-1] for array in cells]
        image, *rest = (_padded(np.ascontiguousarray(layer), smallest) for layer in layers)
        shapes = Shapes(*(np.ascontiguousarray(array) for array in cells))
        twin = np.asarray(rest[0], np.uint8) if rest else None
        region = rest[1] > 0 if len(rest) > 1 else None
        return Scene(np.asarray(image, np.uint8), shapes, twin, region)


@dataclass(frozen=True)
class _Group:
    """Entries with the chance of each."""

    indices: NDArray[np.int64]
    chances: NDArray[np.float64]

    @classmethod
    def of(cls, entries: Sequence[Entry], indices: Sequence[int]) -> _Group:
        """Chances that give a source the root of its size, and drawn pictures less of it."""
        chosen = [entries[i] for i in indices]
        names, counts = np.unique([entry.source for entry in chosen], return_counts=True)
        sizes = dict(zip(names.tolist(), counts.tolist(), strict=True))
        weights = np.array(
            [
                (DULL_WEIGHT if e.source in DULL or not e.photographic else 1.0)
                / float(np.sqrt(sizes[e.source]))
                for e in chosen
            ]
        )
        return cls(np.array(indices, np.int64), weights / weights.sum() if chosen else weights)

    def __len__(self) -> int:
        return len(self.indices)

    def draw(self, rng: np.random.Generator) -> int:
        return int(rng.choice(self.indices, p=self.chances))


def _window(length: int, side: int, rng: np.random.Generator) -> slice:
    """At most `side` pixels, from a multiple of 8: a JPEG's grid stays where it was."""
    start = int(rng.integers(0, max(1, (length - side) // 8 + 1))) * 8
    return slice(start, min(length, start + side))


def _cells(span: slice, length: int, cells: int) -> slice:
    """The same window of a map of `cells` cells, never fewer than outlines need."""
    first = min(span.start * cells // length, cells - MIN_CELLS)
    return slice(first, max(first + MIN_CELLS, span.stop * cells // length))


def _padded(layer: NDArray[Any], size: int) -> NDArray[np.uint8]:
    """Mirror what is smaller than the sample at its right and lower border."""
    layer = np.asarray(layer, np.uint8)
    bottom, right = max(0, size - layer.shape[0]), max(0, size - layer.shape[1])
    if not bottom and not right:
        return layer
    return np.asarray(cv2.copyMakeBorder(layer, 0, bottom, 0, right, cv2.BORDER_REFLECT), np.uint8)
