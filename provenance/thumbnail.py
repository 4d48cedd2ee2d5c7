"""The small picture inside a file against the large one.

A camera writes both at once. A program that crops or retouches may leave the small one as it was:
it then shows what was there before. A difference is a reason to look, not a finding.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from detector.imaging import ImageError, decode

MAX_PIXELS = 1_000_000  # of a thumbnail; cameras write 160 x 120, some phones 512 x 384
BAR_LEVEL = 24  # of 255: black bars pad the thumbnail of a wide picture, with ringing of the JPEG
FLAT = 4.0  # grey levels: below this spread there is nothing to compare
BLUR = 1.0  # pixels of the thumbnail: hides differences of sharpening
# Chosen by looking at photos: of 250 from 204 models of cameras, 226 pass both, at 0.906 and 55
# levels in the worst case. How many of the other 24 were really changed is not known.
ALIKE = 0.90  # correlation from which the two show the same
BLOCK_OFF = 60.0  # grey levels: a block differing by more was painted over
GRID = 12  # blocks across and down
ASPECT_OFF = 0.06  # relative difference of the sides' ratio that no bars explain


@dataclass(frozen=True, slots=True)
class Thumbnail:
    """The embedded picture, and how it compares.

    Attributes:
        image: (h, w, 3) uint8, bars cut off.
        reduced: (h, w, 3) uint8, the large picture at the same size.
        correlation: -1..1 of their grey values; 1 is the same but for contrast.
        largest: grey levels by which they differ in the worst of `GRID` x `GRID` blocks.
        differs: whether a person should look at both.
        reason: why, in words; empty if they agree.
    """

    image: NDArray[np.uint8]
    reduced: NDArray[np.uint8]
    correlation: float
    largest: float
    differs: bool
    reason: str


def compare(thumbnail: bytes, picture: NDArray[np.uint8]) -> Thumbnail | None:
    """Compare an encoded thumbnail with the picture, (H, W, 3) uint8, both as stored.

    Returns:
        None where there is no thumbnail that can be decoded.
    """
    if not thumbnail:
        return None
    try:
        small = decode(thumbnail, MAX_PIXELS)
    except ImageError:
        return None
    height, width = picture.shape[:2]
    small = _without_bars(small, width / height)
    rows, columns = small.shape[:2]
    reduced = np.asarray(
        Image.fromarray(picture).resize((columns, rows), Image.Resampling.LANCZOS, reducing_gap=2.0)
    )
    stretch = (columns / rows) / (width / height)
    correlation, largest = _differences(small, reduced)
    reason = ""
    if correlation < ALIKE and _is_turned(small, picture):
        reason = "it lies another way: the picture was turned after the small one was made"
    # a side of a small thumbnail is rounded to whole pixels, and to even ones by some cameras
    elif abs(stretch - 1) > max(ASPECT_OFF, 2.5 / min(rows, columns)):
        reason = "its sides have another ratio: the picture was cropped after it was made"
    elif correlation < ALIKE:
        reason = "it shows something else, or a good part was changed"
    elif largest > BLOCK_OFF:
        reason = "a part of it looks different"
    return Thumbnail(small, reduced, correlation, largest, bool(reason), reason)


def _without_bars(small: NDArray[np.uint8], aspect: float) -> NDArray[np.uint8]:
    """Cut off black bars above and below, or at the sides, if the picture's aspect expects them."""
    rows, columns = small.shape[:2]
    if columns / rows < aspect * 0.97:
        inside = round(columns / aspect)
        bar = (rows - inside) // 2
        edges = small[: max(1, bar - 1)], small[rows - max(1, bar - 1) :]
        kept = small[bar : bar + inside]
    elif columns / rows > aspect * 1.03:
        inside = round(rows * aspect)
        bar = (columns - inside) // 2
        edges = small[:, : max(1, bar - 1)], small[:, columns - max(1, bar - 1) :]
        kept = small[:, bar : bar + inside]
    else:
        return small
    if min(kept.shape[:2]) < 8 or any(np.median(edge) > BAR_LEVEL for edge in edges):
        return small
    return np.ascontiguousarray(kept)


def _is_turned(small: NDArray[np.uint8], picture: NDArray[np.uint8]) -> bool:
    """Whether the two agree once the thumbnail is turned by a quarter, a half, or three."""
    height, width = picture.shape[:2]
    for quarters in (1, 2, 3):
        turned = _without_bars(np.ascontiguousarray(np.rot90(small, quarters)), width / height)
        size = turned.shape[1], turned.shape[0]
        reduced = Image.fromarray(picture).resize(size, Image.Resampling.BOX, reducing_gap=1.0)
        if _differences(turned, np.asarray(reduced))[0] >= ALIKE:
            return True
    return False


def _differences(one: NDArray[np.uint8], other: NDArray[np.uint8]) -> tuple[float, float]:
    """Correlation, and the worst block after the best common change of contrast."""
    first, second = _grey(one), _grey(other)
    a, b = first - first.mean(), second - second.mean()
    spread = float(np.sqrt((a * a).mean() * (b * b).mean()))
    if min(a.std(), b.std()) < FLAT:
        return 1.0, float(abs(first.mean() - second.mean()))
    correlation = float((a * b).mean()) / spread
    slope = float((a * b).mean() / (a * a).mean())
    left = Image.fromarray(np.abs(b - slope * a).astype(np.float32))
    blocks = np.asarray(left.resize((GRID, GRID), Image.Resampling.BOX))
    return correlation, float(blocks.max())


def _grey(image: NDArray[np.uint8]) -> NDArray[np.float64]:
    blurred = Image.fromarray(image).convert("L").filter(ImageFilter.GaussianBlur(BLUR))
    return np.asarray(blurred, np.float64)
