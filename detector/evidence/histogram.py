"""How often each level occurs; empty levels between full ones tell of stretching."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from detector.evidence.drawing import GREEN, GREY, PINK, Chart
from detector.evidence.exhibit import Exhibit
from detector.evidence.pixels import luma, strips

FEW_PIXELS = 20_000  # fewer leave gaps by chance
FULL = 0.2  # of its neighbours' mean: below it a level counts as a gap
BLUE = (60, 110, 220)
COLOURS = {"red": PINK, "green": GREEN, "blue": BLUE}


def look(image: NDArray[np.uint8], _: bytes) -> Exhibit:
    """Count the levels of (H, W, 3), each colour and brightness."""
    *counts, grey = np.sum([_counts(strip) for strip in strips(image, 1)], axis=0)
    gaps = {name: gap_count(count) for name, count in zip(COLOURS, counts, strict=True)}
    total = image.shape[0] * image.shape[1]
    black, white = (float(grey[level]) / total * 100 for level in (0, 255))
    # a burnt-out sky must not flatten the rest
    shares = [count / total * 100 for count in (grey, *counts)]
    top = max(float(np.sort(share)[-3]) for share in shares) * 1.15
    chart = Chart((0, 255), (0, max(top, 0.1)), "level", "% of the pixels")
    chart.bars(range(256), shares[0].tolist(), GREY)
    for share, colour in zip(shares[1:], COLOURS.values(), strict=True):
        chart.line(range(256), share.tolist(), colour)
    chart.key(("brightness", GREY), *COLOURS.items())
    words = ", ".join(f"{number} in {name}" for name, number in gaps.items())
    return Exhibit(
        f"Gaps between filled levels: {words}. {black:.1f} % of the pixels are black, {white:.1f} "
        "% white.",
        chart=chart.drawn(),
        figures={f"gaps_{name}": number for name, number in gaps.items()},
        warnings=(
            ("The picture has so few pixels that gaps come by chance.",)
            if total < FEW_PIXELS
            else ()
        ),
    )


def _counts(strip: NDArray[np.uint8]) -> NDArray[np.int64]:
    """(4, 256) counts of red, green, blue and brightness; `bincount` takes 8 bytes a pixel."""
    planes = (*np.moveaxis(strip, 2, 0), luma(strip))
    return np.stack([np.bincount(plane.ravel(), minlength=256) for plane in planes])


def gap_count(counts: NDArray[np.integer]) -> int:
    """Levels that are all but empty though both neighbours are not."""
    sides = (counts[:-2] + counts[2:]) / 2
    full = np.minimum(counts[:-2], counts[2:]) > counts.sum() / 256 * FULL
    return int(np.sum(full & (counts[1:-1] < FULL * sides)))
