"""Draw labelled samples: a real or generated picture, what is done to it, its later history.

A `Composer` is seeded: the same pack, seed and index give the same sample. Samples come in pairs;
in an aligned pair the second is the first one's picture before the manipulation, with the same
past, size, window and later history, so that nothing but the manipulation tells the two apart
(Guillaro et al., arXiv 2412.17671; Rajan et al., arXiv 2410.11835).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from detector.contract import Labels
from training import edits, history, synthesis, windows
from training.history import Picture
from training.masks import Mask, random_mask
from training.pack import Pack
from training.pool import Pool, Scene
from training.published import Published
from training.removal import remove

ALIGNED_SHARE = 0.4  # of the pairs
ALIGNED_SHARES = {  # what is done to the first of an aligned pair
    Labels.FullySynthesized: 0.14,
    Labels.LocallyEdited: 0.50,
    Labels.LocallySynthesized: 0.36,
}
CLASS_SHARES = {  # of samples drawn alone; with the pairs: 28, 20, 30 and 22 %
    Labels.Natural: 0.13,
    Labels.FullySynthesized: 0.29,
    Labels.LocallyEdited: 0.33,
    Labels.LocallySynthesized: 0.25,
}
EDIT_SHARES = {
    "splice": 0.32, "copy_move": 0.20, "removal": 0.13, "retouch": 0.13, "published": 0.22,
}  # fmt: skip
SYNTHESIS_SHARES = {
    "pasted": 0.15, "redrawn": 0.26, "filled": 0.11, "background": 0.04, "inpainted": 0.22,
    "published": 0.22,
}  # fmt: skip
SHARES = {Labels.LocallyEdited: EDIT_SHARES, Labels.LocallySynthesized: SYNTHESIS_SHARES}
MISSING = {  # what stands in for kinds that a pack has no pictures of
    Labels.LocallyEdited: "splice", Labels.LocallySynthesized: "redrawn",
}  # fmt: skip
REGENERATED_SHARE = 0.15  # of FullySynthesized drawn alone: real pictures through a generator
TWIN_SHARE = 0.75  # of what is regenerated: by a trained generator, the rest by an up-sampler
OUTLINED_SHARE = 0.4  # of bases and donors of local edits: an object in front to cut out or cover
READY = ("published", "inpainted")  # kinds that lie in the pack ready-made
EDITS = ("splice", "copy_move", "removal", "retouch")
MADE = {  # of any scene, with their shares
    **{kind: EDIT_SHARES[kind] for kind in EDITS},
    **{kind: SYNTHESIS_SHARES[kind] for kind in ("pasted", "redrawn", "filled", "background")},
}
REGION_EDITS = {"copy_move": edits.copy_move, "removal": remove, "retouch": edits.retouch}
MIN_VISIBLE = 0.004  # of the sample: a manipulated area below it cannot be asked for
MAX_VISIBLE = 0.97  # above it a sample shows no pristine pixel to compare with
CANVAS = 1.3  # sides of the sample: room for where it is cut
MATCHED_SHARE = 0.5  # of pasted regions: out of a picture that goes with the scene
DONORS = 4  # drawn for these
COARSE = 8  # every so many pixels are enough to know a picture's colours
RESIZED_SHARE = 0.5  # of the finished pictures: many are reduced before they are shared
LOG_SCALES = (np.log(0.4), np.log(1.25))  # by how much
PRISTINE, EDITED, SYNTHESIZED = 0, 1, 2
Choice = TypeVar("Choice")


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


@dataclass(frozen=True)
class Draft:
    """A manipulated picture of any size, its class map, and the picture it was made from."""

    image: Picture
    mask: NDArray[np.uint8]
    label: Labels
    kind: str
    pristine: Picture | None = None


class Composer:
    """Draws samples of S x S pixels from a pack: from its training sources or the held-out ones."""

    def __init__(self, pack: Pack, size: int, seed: int, held_out: bool = False) -> None:
        self.pack, self.size, self.seed = pack, size, seed
        self._real = Pool(pack, "Natural", held_out)
        self._fake = Pool(pack, "FullySynthesized", held_out)
        self._published = Published(pack.folder, empty=held_out)
        self._last: tuple[int, tuple[Sample, Sample]] | None = None

    def sample(self, index: int) -> Sample:
        """The sample of that number; 2n and 2n + 1 are a pair."""
        number, member = divmod(index, 2)
        if self._last is None or self._last[0] != number:
            self._last = (number, self._pair(np.random.default_rng((self.seed, number))))
        return self._last[1][member]

    def _pair(self, rng: np.random.Generator) -> tuple[Sample, Sample]:
        if rng.random() >= ALIGNED_SHARE:
            return self._alone(rng), self._alone(rng)
        label = choose(ALIGNED_SHARES, rng)
        while True:
            scale = _scale(rng)
            draft = self._manipulated(label, rng, self._side(scale))
            if draft.pristine is None:
                continue
            seed = int(rng.integers(2**32))
            first = self._finished(draft, scale, seed)
            if first is not None:
                twin = replace(draft, image=draft.pristine)
                second = self._finished(twin, scale, seed)
                assert second is not None  # same mask, same window
                nothing = np.zeros_like(second.mask)
                return first, replace(second, mask=nothing, label=Labels.Natural, kind="natural")

    def _alone(self, rng: np.random.Generator) -> Sample:
        label = choose(CLASS_SHARES, rng)
        while True:
            scale = _scale(rng)
            side = self._side(scale)
            if label is Labels.Natural:
                image = self._real.draw(rng, self.size, side).aged(rng).image
                draft = Draft(image, _filled(image, PRISTINE), label, "natural")
            elif label is Labels.FullySynthesized and rng.random() >= REGENERATED_SHARE:
                image = self._fake.draw(rng, self.size, side).aged(rng).image
                draft = Draft(image, _filled(image, SYNTHESIZED), label, "generated")
            else:
                draft = self._manipulated(label, rng, side)
            sample = self._finished(draft, scale, int(rng.integers(2**32)))
            if sample is not None:
                return sample

    def _finished(self, draft: Draft, scale: float, seed: int) -> Sample | None:
        """Resize, age and cut; None if too little or too much of the manipulation is in sight.

        All chance comes from `seed`, none depends on the pixels. Only what is in sight ages, with
        a margin for filters, on the grid that the whole picture would have had.
        """
        rng = np.random.default_rng(seed)
        image, mask = windows.resized(draft.image, draft.mask, scale, self.size, rng)
        local = draft.label >= Labels.LocallyEdited
        window = windows.cut(mask, self.size, rng, local)
        outer, inner = windows.with_margin(window, mask.shape)
        image = history.after(image[outer], rng)[inner]
        mask = mask[window]
        if local and not MIN_VISIBLE < (mask > 0).mean() < MAX_VISIBLE:
            return None
        arrays = np.ascontiguousarray(image), np.ascontiguousarray(mask)
        return Sample(*arrays, draft.label, draft.kind)

    def _manipulated(self, label: Labels, rng: np.random.Generator, side: int) -> Draft:
        if label is Labels.FullySynthesized:
            scene = self._real.draw(rng, self.size, side, twin=rng.random() < TWIN_SHARE)
            return self._regenerated(scene, rng)
        kind = choose(SHARES[label], rng)
        if kind in READY:
            draft = self.ready(label, kind, rng, side)
            if draft is not None:
                return draft
            kind = MISSING[label]
        return self.made(kind, rng, side)

    def ready(
        self, label: Labels, kind: str, rng: np.random.Generator, side: int, whole: bool = False
    ) -> Draft | None:
        """One of `READY`, as it lies in the pack: `whole`, or about `side` pixels; or None."""
        if kind == "published":
            if not self._published.has(label):
                return None
            if whole:
                cut = self._published.whole(label, rng, self.size)
            else:
                cut = self._published.draw(label, rng, self.size, side)
            return _local(cut.image, cut.mask, label, kind, cut.pristine)
        scene = self._real.inpainted(rng, self.size, side)
        if scene is None:
            return None
        scene = scene.aged(rng)
        return _local(*synthesis.inpainted(scene, rng), label, kind, scene.image)

    def made(self, kind: str, rng: np.random.Generator, side: int) -> Draft:
        """One of `MADE`, of a scene of the pack of about `side` pixels."""
        twin = kind == "redrawn" and rng.random() < TWIN_SHARE
        outlined = rng.random() < OUTLINED_SHARE
        base = self._real.draw(rng, self.size, side, twin, outlined).aged(rng)
        return self.manipulate(base, kind, rng)

    def manipulate(self, base: Scene, kind: str, rng: np.random.Generator) -> Draft:
        """Edit or synthesize a region of a scene; `kind` is one of `MADE`."""
        label = Labels.LocallyEdited if kind in EDITS else Labels.LocallySynthesized
        if kind == "redrawn":
            return _local(*synthesis.local(base, rng), label, kind, base.image)
        if kind == "filled":
            return _local(*synthesis.fill(base, rng), label, kind, base.image)
        if kind in REGION_EDITS:
            return _local(
                *REGION_EDITS[kind](base.image, base.shapes, rng), label, kind, base.image
            )
        pool = self._real if label is Labels.LocallyEdited else self._fake
        donor = self._donor(pool, base.image, rng).aged(rng)
        if kind == "background":
            shape = random_mask(base.image.shape[:2], rng, base.shapes)
            image, kept = edits.splice(donor.image, base.image, shape, rng)
            return _local(image, ~kept, label, kind, None)
        shape = random_mask(donor.image.shape[:2], rng, donor.shapes)
        image, mask = edits.splice(base.image, donor.image, shape, rng)
        return _local(image, mask, label, kind, base.image)

    def _donor(self, pool: Pool, base: Picture, rng: np.random.Generator) -> Scene:
        """A scene to cut from; half of the time the one of several with the most similar colours.

        Were it always any scene, what is pasted would mostly be told by its colours, which people
        choose to fit.
        """
        outlined = rng.random() < OUTLINED_SHARE
        count = DONORS if rng.random() < MATCHED_SHARE else 1
        drawn = [
            pool.draw(rng, self.size, max(base.shape), outlined=outlined) for _ in range(count)
        ]
        return min(drawn, key=lambda scene: _colour_gap(scene.image, base))

    def _regenerated(self, scene: Scene, rng: np.random.Generator) -> Draft:
        past = rng.integers(2**32)
        image = synthesis.whole(scene, rng)
        if rng.random() < 0.6:  # the past of a photograph; else as it left the generator
            image = history.before(image, np.random.default_rng(past))
        mask = _filled(image, SYNTHESIZED)
        pristine = scene.aged(np.random.default_rng(past)).image
        return Draft(image, mask, Labels.FullySynthesized, "regenerated", pristine)

    def _side(self, scale: float) -> int:
        return int(CANVAS * self.size / min(1.0, scale))


def _colour_gap(first: Picture, second: Picture) -> float:
    """How far apart means and spreads of red, green and blue are, 0 to 255."""
    colours = [p[::COARSE, ::COARSE].reshape(-1, 3).astype(np.float32) for p in (first, second)]
    moments = [np.concatenate([c.mean(0), c.std(0)]) for c in colours]
    return float(np.abs(moments[0] - moments[1]).mean())


def choose(shares: dict[Choice, float], rng: np.random.Generator) -> Choice:
    """A key, with its share of the sum as its chance."""
    chances = np.array(list(shares.values()))
    return list(shares)[int(rng.choice(len(shares), p=chances / chances.sum()))]


def _scale(rng: np.random.Generator) -> float:
    return float(np.exp(rng.uniform(*LOG_SCALES))) if rng.random() < RESIZED_SHARE else 1.0


def _filled(image: Picture, value: int) -> NDArray[np.uint8]:
    return np.full(image.shape[:2], value, np.uint8)


def _local(image: Picture, mask: Mask, label: Labels, kind: str, pristine: Picture | None) -> Draft:
    value = EDITED if label is Labels.LocallyEdited else SYNTHESIZED
    return Draft(image, mask.astype(np.uint8) * value, label, kind, pristine)
