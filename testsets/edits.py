"""Labelled pictures with exact masks: a captured scene or a photograph, and what was done to it.

What can be done without a generator is `training.edits` and `training.removal`; what stands for a
generator's work is `testsets.synthesis`. Every picture, edited or not, has the same kind of past
and the same kind of file, so that neither gives its label away.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from detector.contract import Labels
from testsets import synthesis
from testsets.camera import Picture
from training import edits, history, removal
from training.masks import Mask, Shapes, random_mask

TRIES = 12  # draws until an edit has left something to find
LEAST_CHANGE = 2.0  # mean difference in levels inside the mask: less nobody could find
LEAST_AREA, MOST_AREA = 0.006, 0.5  # of the picture
METHODS = {
    Labels.LocallyEdited: ("splice", "copy_move", "remove", "retouch"),
    Labels.LocallySynthesized: ("decoder", "rendered_object", "texture_synthesis"),
    Labels.FullySynthesized: ("render", "decoder"),
}
STAND_IN = "no generative model was run; this stands for its work"


@dataclass(frozen=True)
class Source:
    """Something to edit.

    Attributes:
        name: where it comes from, for the provenance.
        pixels: (H, W, 3) uint8 RGB, captured or a photograph.
        objects: (H, W) uint8 outlines of objects, 0 elsewhere; None where none are known.
        light: (H, W, 3) linear light of a procedural scene; None for a photograph.
        facts: more for the provenance.
    """

    name: str
    pixels: Picture
    objects: NDArray[np.uint8] | None = None
    light: NDArray[np.float32] | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Made:
    """A labelled picture before it is written to a file; `mask` is (H, W) bool."""

    pixels: Picture
    label: Labels
    mask: Mask
    edit: Mapping[str, Any]


def make(label: Labels, method: str, base: Source, donor: Source, rng: np.random.Generator) -> Made:
    """Make a picture of a label by one of its `METHODS` ("" for Natural).

    `render` needs a base with `light` and is taken for `decoder` without.
    """
    size = base.pixels.shape[:2]
    facts: dict[str, Any] = {"source": base.name, **base.facts}
    if label is Labels.Natural:
        pixels = history.before(base.pixels, rng)
        return Made(pixels, label, np.zeros(size, bool), facts)
    if label is Labels.FullySynthesized:
        pixels, note = _whole(method, base, rng)
        facts = {"method": note, "source": base.name, "note": STAND_IN}
        return Made(history.before(pixels, rng), label, np.ones(size, bool), facts)
    past = history.before(base.pixels, rng)
    pixels, mask, method = _locally(method, past, base, donor, rng)
    facts |= {"method": method, "area": round(float(mask.mean()), 5)}
    if method == "splice":
        facts["donor"] = donor.name
    if label is Labels.LocallySynthesized:
        facts["note"] = STAND_IN
    return Made(pixels, label, mask, facts)


def _whole(method: str, base: Source, rng: np.random.Generator) -> tuple[Picture, str]:
    if method == "render" and base.light is not None:
        return synthesis.render(base.light, rng), "render without a camera model"
    shown = base.pixels if base.light is None else synthesis.render(base.light, rng)
    factor = int(rng.choice([2, 4]))
    return synthesis.decode(shown, rng, factor), f"decoder, up-sampling by {factor}"


def _locally(
    method: str, past: Picture, base: Source, donor: Source, rng: np.random.Generator
) -> tuple[Picture, Mask, str]:
    """Draw until the edit shows; if none does, noise that always does is left in a box."""
    for _ in range(TRIES):
        pixels, mask = LOCAL[method](past, base, donor, rng)
        if LEAST_AREA <= mask.mean() <= MOST_AREA and _change(past, pixels, mask) >= LEAST_CHANGE:
            return pixels, mask, method
    height, width = past.shape[:2]
    mask = np.zeros((height, width), bool)
    mask[height // 3 : 2 * height // 3, width // 3 : 2 * width // 3] = True
    noise = rng.integers(0, 256, past.shape, np.uint8)
    return np.where(mask[..., None], noise, past), mask, "noise_box"


def _change(before: Picture, after: Picture, mask: Mask) -> float:
    return float(np.abs(before[mask].astype(np.int16) - after[mask]).mean())


def _shapes(source: Source) -> Shapes | None:
    """Outlines for `training.masks`; too few or too small a picture leaves the geometric ones."""
    if source.objects is None or min(source.objects.shape) < 32:
        return None
    solid = source.objects > 0
    if not 0.01 < solid.mean() < 0.6:
        return None
    return Shapes(source.objects, solid.astype(np.uint8) * 255)


def _region(base: Source, rng: np.random.Generator) -> Mask:
    return random_mask((base.pixels.shape[0], base.pixels.shape[1]), rng, _shapes(base))


def _splice(
    past: Picture, base: Source, donor: Source, rng: np.random.Generator
) -> tuple[Picture, Mask]:
    return edits.splice(past, donor.pixels, _region(donor, rng), rng)


def _copy_move(
    past: Picture, base: Source, donor: Source, rng: np.random.Generator
) -> tuple[Picture, Mask]:
    return edits.copy_move(past, _shapes(base), rng)


def _remove(
    past: Picture, base: Source, donor: Source, rng: np.random.Generator
) -> tuple[Picture, Mask]:
    return removal.remove(past, _shapes(base), rng)


def _retouch(
    past: Picture, base: Source, donor: Source, rng: np.random.Generator
) -> tuple[Picture, Mask]:
    return edits.retouch(past, _shapes(base), rng)


def _decoder(
    past: Picture, base: Source, donor: Source, rng: np.random.Generator
) -> tuple[Picture, Mask]:
    mask = _region(base, rng)
    layer = synthesis.decode(past, rng, int(rng.choice([2, 4])))
    return edits.blend(past, layer, mask, rng, hard=0.3), mask


def _texture_synthesis(
    past: Picture, base: Source, donor: Source, rng: np.random.Generator
) -> tuple[Picture, Mask]:
    mask = _region(base, rng)
    return edits.blend(past, synthesis.quilt(past, mask, rng), mask, rng, hard=0.5), mask


def _rendered_object(
    past: Picture, base: Source, donor: Source, rng: np.random.Generator
) -> tuple[Picture, Mask]:
    """An object that no camera has seen, a tenth to a third of the picture wide."""
    layer, outline = synthesis.prop(0, int(rng.integers(synthesis.PROPS)))
    height, width = past.shape[:2]
    side = max(8, round(float(rng.uniform(0.2, 0.5)) * min(height, width)))
    thing = cv2.resize(layer, (side, side), interpolation=cv2.INTER_AREA)
    shape = cv2.resize(outline.astype(np.uint8) * 255, (side, side)) > 127
    top = int(rng.integers(0, max(1, height - side)))
    left = int(rng.integers(0, max(1, width - side)))
    canvas, mask = past.copy(), np.zeros((height, width), bool)
    place = np.s_[top : top + side, left : left + side]
    mask[place] = shape[: height - top, : width - left]
    canvas[place][mask[place]] = thing[: height - top, : width - left][mask[place]]
    return edits.blend(past, canvas, mask, rng, hard=0.5), mask


LOCAL: Mapping[
    str, Callable[[Picture, Source, Source, np.random.Generator], tuple[Picture, Mask]]
] = {
    "splice": _splice,
    "copy_move": _copy_move,
    "remove": _remove,
    "retouch": _retouch,
    "decoder": _decoder,
    "texture_synthesis": _texture_synthesis,
    "rendered_object": _rendered_object,
}
