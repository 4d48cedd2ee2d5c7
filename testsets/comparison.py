"""Category `model_comparison`: five sets of inputs, each for five models.

The rows of the five data sets of one set of inputs are the same but for the model they are meant
for: two models, two services or two versions are compared sample by sample through `input_id`, and
one service that is asked all 25 must give equal answers to equal inputs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import lru_cache, partial

import cv2
import numpy as np

from detector.contract import Labels
from testsets import sources
from testsets.dataset import DataSet, Row, generator, labelled
from testsets.edits import METHODS, Made, make
from testsets.imagefile import Encoding
from testsets.standard import case, labelled_picture

# The families that the challenge's template names. A row says which it is meant for, no more: any
# service takes it.
MODELS = (
    "microsoft/resnet-18",
    "microsoft/resnet-50",
    "google/vit-base-patch16-224",
    "facebook/convnext-tiny-224",
    "microsoft/swin-tiny-patch4-window7-224",
)
SAMPLES = 8
SIDE = 384
SIZES = (128, 192, 224, 299, 384, 448, 512, 640)
QUALITIES = (50, 60, 70, 80, 85, 90, 95, 0)  # 0 stands for PNG
STREAM = 30  # of random numbers


def data_sets() -> list[DataSet]:
    """The 25 of the category, by set of inputs, then by model."""
    plans = [(inputs, model) for inputs in INPUTS for model in MODELS]
    return [
        DataSet(
            name=f"model_comparison_{number:02d}",
            category="model_comparison",
            title=f"{inputs}, for {model}",
            purpose="The same inputs for several models, compared sample by sample",
            rows=partial(_rows, inputs=inputs),
            count=SAMPLES,
            extensible=True,
            facts={"model": model, "inputs": inputs},
        )
        for number, (inputs, model) in enumerate(plans, 1)
    ]


def _rows(seed: int, count: int, *, inputs: str) -> Iterator[Row]:
    for index in range(count):
        yield _row(seed, inputs, index)


@lru_cache(maxsize=256)  # five sets of inputs, each asked for five times
def _row(seed: int, inputs: str, index: int) -> Row:
    return INPUTS[inputs](seed, index)


def _labels(seed: int, index: int) -> Row:
    """All labels and methods, at one size."""
    rng = generator(seed, STREAM, 0, index)
    made = labelled_picture(
        index, 0, lambda number, rng: sources.scene(seed, number, (SIDE, SIDE), rng), rng
    )
    return labelled(case(made), made, Encoding("JPEG", 90))


def _photographs(seed: int, index: int) -> Row:
    rng = generator(seed, STREAM, 1, index)
    made = labelled_picture(
        index, 1, lambda number, rng: sources.photograph_of(number, SIDE, rng), rng
    )
    return labelled(case(made), made, Encoding("JPEG", 90))


def _sizes(seed: int, index: int) -> Row:
    """One edited picture from small to large."""
    made = _edited(seed, index // len(SIZES), max(SIZES))
    side = SIZES[index % len(SIZES)]
    pixels = cv2.resize(made.pixels, (side, side), interpolation=cv2.INTER_AREA)
    share = cv2.resize(made.mask.astype(np.float32), (side, side), interpolation=cv2.INTER_AREA)
    smaller = replace(made, pixels=np.asarray(pixels, np.uint8), mask=share >= 0.5)
    return labelled(f"{case(made)}, {side} x {side}", smaller, Encoding("PNG"))


def _qualities(seed: int, index: int) -> Row:
    """One edited picture, ever less compressed."""
    made = _edited(seed, 100 + index // len(QUALITIES), SIDE)
    quality = QUALITIES[index % len(QUALITIES)]
    encoding = Encoding("JPEG", quality) if quality else Encoding("PNG")
    name = f"JPEG of quality {quality}" if quality else "PNG"
    return labelled(f"{case(made)}, {name}", made, encoding)


def _transforms(seed: int, index: int) -> Row:
    """One edited picture, turned, mirrored and relit: the mask turns with it."""
    made = _edited(seed, 200 + index // len(TRANSFORMS), SIDE)
    name = list(TRANSFORMS)[index % len(TRANSFORMS)]
    turn, light = TRANSFORMS[name]
    pixels = np.clip(np.rint(_turned(made.pixels, turn) * light), 0, 255).astype(np.uint8)
    turned = replace(made, pixels=np.ascontiguousarray(pixels), mask=_turned(made.mask, turn))
    return labelled(f"{case(made)}, {name}", turned, Encoding("PNG"))


def _edited(seed: int, number: int, side: int) -> Made:
    rng = generator(seed, STREAM, 2, number)
    methods = METHODS[Labels.LocallyEdited]
    base, donor = (sources.scene(seed, number + k, (side, side), rng) for k in (0, 7))
    return make(Labels.LocallyEdited, methods[number % len(methods)], base, donor, rng)


TRANSFORMS = {  # mirrored or not and quarter turns, brightness
    "as it is": ((False, 0), 1.0),
    "mirrored": ((True, 0), 1.0),
    "turned left": ((False, 1), 1.0),
    "upside down": ((False, 2), 1.0),
    "turned right": ((False, 3), 1.0),
    "mirrored and turned": ((True, 1), 1.0),
    "darker": ((False, 0), 0.7),
    "brighter": ((False, 0), 1.3),
}


def _turned(pixels: np.ndarray, turn: tuple[bool, int]) -> np.ndarray:
    mirrored, quarters = turn
    return np.rot90(pixels[:, ::-1] if mirrored else pixels, quarters)


INPUTS: dict[str, Callable[[int, int], Row]] = {
    "Labels": _labels,
    "Photographs": _photographs,
    "Sizes": _sizes,
    "Qualities": _qualities,
    "Transforms": _transforms,
}
