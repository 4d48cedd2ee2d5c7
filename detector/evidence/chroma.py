"""Colour without brightness, strengthened; and the noise of the two colour channels."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from detector.evidence.exhibit import Exhibit
from detector.evidence.noise_level import noise_levels
from detector.evidence.pixels import centre, reduced, reduction

MIDDLE = 128  # of Cb and Cr: no colour; and the brightness that everything is shown at
SHOWN_STRONG = 98.0  # per cent of the colours stay inside the range
MAX_GAIN = 12.0  # beyond it a grey picture would look colourful
REACH = 110.0  # levels from the middle that the strongest colours are shown at
GREY = 1.5  # levels: a mean colour below it is a grey picture
NOISE_PIXELS = 8_000_000  # of the middle: enough blocks to measure noise from
SIDE = 32  # pixels, after halving, of the blocks that noise is measured in


def look(image: NDArray[np.uint8], _: bytes) -> Exhibit:
    """Show Cb and Cr of (H, W, 3) at equal brightness, at screen size; noise at full size."""
    small = np.asarray(reduced(image, reduction(image)), np.uint8)
    planes = cv2.cvtColor(np.ascontiguousarray(small), cv2.COLOR_RGB2YCrCb).astype(np.float32)
    colour = planes[..., 1:] - MIDDLE
    strength = np.hypot(colour[..., 0], colour[..., 1])
    strong, mean = float(np.percentile(strength, SHOWN_STRONG)), float(strength.mean())
    gain = min(MAX_GAIN, max(1.0, REACH / max(strong, 1e-6)))
    planes[..., 0] = MIDDLE
    planes[..., 1:] = np.clip(MIDDLE + colour * gain, 0, 255)
    shown = np.asarray(cv2.cvtColor(planes.astype(np.uint8), cv2.COLOR_YCrCb2RGB), np.uint8)
    figures = {"mean_colour": mean, "gain": gain}
    noise = _noise(image)
    words = ""
    if noise is not None:
        figures |= {"noise_cr": noise[0], "noise_cb": noise[1]}
    if noise is not None and max(noise) >= 0.05:  # below it JPEG's steps have swallowed it
        words = f" Colour noise: {noise[1]:.2f} (blue) and {noise[0]:.2f} (red) levels."
    return Exhibit(
        f"The mean distance from grey is {mean:.1f} levels; colours are shown {gain:.1f} times as "
        f"strong, at one brightness.{words}",
        shown,
        figures=figures,
        warnings=("The picture has next to no colour.",) if mean < GREY else (),
    )


def _noise(image: NDArray[np.uint8]) -> tuple[float, float] | None:
    """Noise of Cr and Cb in levels, at half size, as JPEG keeps them; None where no block fits."""
    middle = np.asarray(reduced(centre(image, NOISE_PIXELS), 2), np.uint8)
    height, width = (side // SIDE * SIDE for side in middle.shape[:2])
    if not (height and width):
        return None
    whole = np.ascontiguousarray(middle[:height, :width])
    planes = np.asarray(cv2.cvtColor(whole, cv2.COLOR_RGB2YCrCb), np.uint8)
    red, blue = (float(np.median(noise_levels(planes[..., c], SIDE))) for c in (1, 2))
    return red, blue
