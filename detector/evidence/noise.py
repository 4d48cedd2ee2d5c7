"""What a median filter takes away: grain, and the edges of fine structure."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from detector.evidence.exhibit import Exhibit
from detector.evidence.pixels import luma, reduced, reduction, strips

WINDOW = 3  # pixels a side of the median: grain is finer, most structure is coarser
SHOWN_BRIGHT = 98.0  # per cent of the picture stay below white
MAX_GAIN = 60.0  # beyond it rounding would look like grain
SMOOTH = 0.3  # levels: a mean residual below it is hardly any grain


def look(image: NDArray[np.uint8], _: bytes) -> Exhibit:
    """Show the size of the residual of (H, W, 3), averaged to screen size, not thinned out.

    Averaging the size keeps how strong the grain is; averaging the signed residual would wipe it
    out.
    """
    factor = reduction(image)
    parts = [
        reduced(_residual(strip).astype(np.float32), factor) for strip in strips(image, factor)
    ]
    residual = np.concatenate(parts)
    mean, bright = float(residual.mean()), float(np.percentile(residual, SHOWN_BRIGHT))
    gain = min(MAX_GAIN, 255 / max(bright, 1e-6))
    shown = np.clip(residual * gain, 0, 255).astype(np.uint8)
    still = float((residual == 0).mean())
    return Exhibit(
        f"The residual of a {WINDOW} x {WINDOW} median is {mean:.2f} of 255 levels on average and "
        f"exactly zero on {still * 100:.0f} % of the picture. Shown {gain:.0f} times as strong.",
        np.repeat(shown[..., None], 3, axis=2),
        figures={"mean_residual": mean, "zero_share": still, "gain": gain},
        warnings=(
            ("There is hardly any grain left: compression or smoothing has removed it.",)
            if mean < SMOOTH
            else ()
        ),
    )


def _residual(strip: NDArray[np.uint8]) -> NDArray[np.uint8]:
    grey = luma(strip)
    return np.asarray(cv2.absdiff(grey, cv2.medianBlur(grey, WINDOW)), np.uint8)
