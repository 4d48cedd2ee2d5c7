"""What is shown of a comparison: one picture slid over the other, the difference, the changes."""

from __future__ import annotations

import io
import itertools
from pathlib import Path
from typing import Any

import cv2
import gradio as gr
import numpy as np
from gradio.data_classes import FileData, GradioModel
from numpy.typing import NDArray
from PIL import Image

from demo.comparison import Comparison
from demo.upload import Silent
from demo.view import store

ASSETS = Path(__file__).parent / "assets"
SIDE = 1400  # pixels of the longer side: fills a laptop's screen
QUALITY = 90  # JPEG, for the two pictures: they are only looked at
TINT = (255, 0, 110)  # the viewer's
TINT_ALPHA = 150  # of 255: the picture stays readable
RIM = 3  # pixels: a changed speck is seen on a phone

_serials = itertools.count(1)


class Pair(GradioModel):
    """What `PairView` shows: files of one size, stacked.

    Attributes:
        first, second: the pictures, the first moved to where it lies in the second.
        difference: absolute, not amplified; None where there is nothing to show.
        changed: a tint over what was changed.
        gain: by what to amplify the difference at first.
        width, height: of all, in pixels.
        serial: differs from one to the next, so that equal results still count as new.
    """

    first: FileData | None = None
    second: FileData | None = None
    difference: FileData | None = None
    changed: FileData | None = None
    gain: float = 1.0
    width: int = 1
    height: int = 1
    serial: int = 0


class PairView(gr.HTML, metaclass=Silent):
    """Shows a `Pair`; its sliders work without the server."""

    data_model = Pair

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            html_template=_asset("compare.html"),
            css_template=_asset("compare.css"),
            js_on_load=_asset("compare.js"),
            apply_default_css=False,
            **kwargs,
        )

    def postprocess(self, value: Pair | None) -> Pair | None:  # type: ignore[override]
        return value

    def api_info(self) -> dict[str, Any]:
        return Pair.model_json_schema()


def no_pair() -> Pair:
    """Nothing to show."""
    return Pair(serial=next(_serials))


def pair(comparison: Comparison) -> Pair:
    """Draw a comparison for the screen."""
    height, width = _fitted(comparison.second.shape)
    return Pair(
        first=store(_jpeg(_sized(comparison.first, (height, width))), "first.jpg"),
        second=store(_jpeg(_sized(comparison.second, (height, width))), "second.jpg"),
        difference=store(_png(_sized(comparison.difference, (height, width))), "difference.png"),
        changed=store(_tint(comparison, (height, width)), "changed.png"),
        gain=round(comparison.gain, 1),
        width=width,
        height=height,
        serial=next(_serials),
    )


def amplified(comparison: Comparison) -> bytes:
    """The difference as a PNG (h, w, 3), multiplied by the comparison's gain."""
    levels = np.minimum(comparison.difference * np.float32(comparison.gain), 255)
    return _png(np.rint(levels).astype(np.uint8))


def changed_mask(comparison: Comparison) -> bytes:
    """What was changed as a PNG (h, w), white on black."""
    return _png(comparison.changed.astype(np.uint8) * 255)


def _tint(comparison: Comparison, size: tuple[int, int]) -> bytes:
    share = _sized(comparison.changed.astype(np.uint8) * 255, size)
    inside = cv2.dilate((share > 0).view(np.uint8), np.ones((RIM, RIM), np.uint8))
    layer = np.zeros((*size, 4), np.uint8)
    layer[inside > 0] = (*TINT, 255)
    layer[share > 0] = (*TINT, TINT_ALPHA)
    return _png(layer)


def _fitted(shape: tuple[int, ...]) -> tuple[int, int]:
    scale = min(1.0, SIDE / max(shape[:2]))
    return max(1, round(shape[0] * scale)), max(1, round(shape[1] * scale))


def _sized(pixels: NDArray[np.uint8], size: tuple[int, int]) -> NDArray[np.uint8]:
    if pixels.shape[:2] == size:
        return pixels
    return np.asarray(cv2.resize(pixels, size[::-1], interpolation=cv2.INTER_AREA), np.uint8)


def _jpeg(pixels: NDArray[np.uint8]) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "JPEG", quality=QUALITY, subsampling=0)
    return buffer.getvalue()


def _png(pixels: NDArray[np.uint8]) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG", compress_level=1)  # 6 takes five times the time
    return buffer.getvalue()


def _asset(name: str) -> str:
    return (ASSETS / name).read_text("utf-8")
