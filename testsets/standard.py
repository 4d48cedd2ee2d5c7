"""Category `standard`: labelled pictures of usual sizes, as a challenge's evaluation has them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

import cv2
import numpy as np

from detector.contract import Labels
from testsets import sources
from testsets.dataset import DataSet, Row, generator, labelled
from testsets.edits import METHODS, Made, Source, make
from testsets.imagefile import Encoding
from testsets.scenes import PLATES
from training import history

SIZES = (224, 256, 299, 384, 512, 1024)  # inputs of the common networks, and two larger ones
PHOTO_SIZES = (224, 256, 299, 384, 512)  # no photograph of scikit-image's is larger
FORMATS = ("JPEG", "PNG")
SHAPES = ((384, 512), (512, 384), (400, 600), (360, 640), (640, 360), (480, 640))  # height, width
SAMPLES = 8  # two of each label
STREAM = 10  # of random numbers; every category has its own
TITLES = {
    Labels.Natural: "natural",
    Labels.FullySynthesized: "wholly synthesized",
    Labels.LocallyEdited: "locally edited",
    Labels.LocallySynthesized: "locally synthesized",
}

Pick = Callable[[int, np.random.Generator], Source]  # a source by number


def data_sets() -> list[DataSet]:
    """The 25 of the category."""
    found: list[tuple[str, str, Callable[[int, int], Iterator[Row]]]] = []

    def add(
        title: str, purpose: str, rows: Callable[..., Iterator[Row]], **options: object
    ) -> None:
        place = len(found)
        found.append((title, purpose, partial(rows, place=place, **options)))

    for side in SIZES:
        for kind in FORMATS:
            purpose = "Procedural scenes through a camera model, at a usual size"
            add(
                f"Scenes, {side} x {side}, {kind}",
                purpose,
                _scenes,
                sizes=[(side, side)],
                kind=kind,
            )
    for side in PHOTO_SIZES:
        for kind in FORMATS:
            purpose = "Photographs that scikit-image ships, at a usual size"
            add(f"Photographs, {side} pixels, {kind}", purpose, _photos, side=side, kind=kind)
    purpose = "Landscape and portrait pictures, so that a mask turned or squashed shows"
    add("Scenes in other shapes, JPEG", purpose, _scenes, sizes=SHAPES, kind="JPEG")
    add("Sent by a messenger", "Made smaller and compressed again after the edit", _messenger)
    add("Of everything", "Scenes and photographs, sizes and formats mixed", _mixed)
    return [
        DataSet(
            name=f"standard_test_{number:02d}",
            category="standard",
            title=title,
            purpose=purpose,
            rows=rows,
            count=SAMPLES,
            extensible=True,
        )
        for number, (title, purpose, rows) in enumerate(found, 1)
    ]


def labelled_picture(index: int, offset: int, pick: Pick, rng: np.random.Generator) -> Made:
    """The labels take turns, and their methods; a donor is another source than the base."""
    label = Labels(index % len(Labels))
    methods = METHODS.get(label, ("",))
    method = methods[(index // len(Labels) + offset) % len(methods)]
    number = int(rng.integers(PLATES))
    base = pick(number, rng)
    donor = base
    while method == "splice" and donor.name == base.name:
        donor = pick(number + 1 + int(rng.integers(PLATES // 2)), rng)
    return make(label, method, base, donor, rng)


def case(made: Made) -> str:
    """A few words: the label and how."""
    method = made.edit.get("method")
    return TITLES[made.label] + (f": {method}".replace("_", " ") if method else "")


def _scenes(
    seed: int, count: int, *, place: int, sizes: list[tuple[int, int]], kind: str
) -> Iterator[Row]:
    for index in range(count):
        rng = generator(seed, STREAM, place, index)
        size = sizes[index % len(sizes)]

        def pick(number: int, rng: np.random.Generator, size: tuple[int, int] = size) -> Source:
            return sources.scene(seed, number, size, rng)

        made = labelled_picture(index, place, pick, rng)
        yield labelled(case(made), made, Encoding.drawn(kind, rng))


def _photos(seed: int, count: int, *, place: int, side: int, kind: str) -> Iterator[Row]:
    for index in range(count):
        rng = generator(seed, STREAM, place, index)
        made = labelled_picture(
            index, place, lambda number, rng: sources.photograph_of(number, side, rng), rng
        )
        yield labelled(case(made), made, Encoding.drawn(kind, rng))


def _messenger(seed: int, count: int, *, place: int) -> Iterator[Row]:
    """Edited at 768 x 576, then reduced to 512 x 384 and saved as a strong JPEG, mask and all."""
    for index in range(count):
        rng = generator(seed, STREAM, place, index)
        made = labelled_picture(
            index, place, lambda number, rng: sources.scene(seed, number, (576, 768), rng), rng
        )
        first = history.jpeg(made.pixels, rng, low=80)
        pixels = cv2.resize(first, (512, 384), interpolation=cv2.INTER_AREA)
        share = cv2.resize(made.mask.astype(np.float32), (512, 384), interpolation=cv2.INTER_AREA)
        sent = Made(
            np.asarray(pixels, np.uint8),
            made.label,
            share >= 0.5,
            {**made.edit, "then": "JPEG, reduced from 768 x 576 to 512 x 384"},
        )
        yield labelled(case(made), sent, Encoding("JPEG", int(rng.choice([70, 75, 80]))))


def _mixed(seed: int, count: int, *, place: int) -> Iterator[Row]:
    for index in range(count):
        rng = generator(seed, STREAM, place, index)
        side = int(rng.choice(PHOTO_SIZES))

        def pick(number: int, rng: np.random.Generator, side: int = side) -> Source:
            if number % 2:
                return sources.photograph_of(number // 2, side, rng)
            return sources.scene(seed, number, (side, side), rng)

        made = labelled_picture(index, place, pick, rng)
        kind = FORMATS[int(rng.integers(2))]
        yield labelled(case(made), made, Encoding.drawn(kind, rng))
