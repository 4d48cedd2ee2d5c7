"""Where the brightness rises, and how steeply: direction as colour, steepness as light."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from detector.evidence.exhibit import Exhibit
from detector.evidence.pixels import luma, reduced, reduction

SHOWN_BRIGHT = 99.0  # per cent of the slopes stay below full light
FLAT = 0.2  # of the picture: more than photos have


def look(image: NDArray[np.uint8], _: bytes) -> Exhibit:
    """Show the slope of (H, W, 3) at screen size: light and outlines survive reducing."""
    grey = luma(image)
    flat = _flat_share(grey)
    small = reduced(grey, reduction(grey)).astype(np.float32)
    across = cv2.Scharr(small, cv2.CV_32F, 1, 0, scale=1 / 32)
    down = cv2.Scharr(small, cv2.CV_32F, 0, 1, scale=1 / 32)
    steepness, angle = cv2.cartToPolar(across, down, angleInDegrees=True)
    top = max(float(np.percentile(steepness, SHOWN_BRIGHT)), 1.0)
    light = np.sqrt(np.clip(steepness / top, 0, 1))  # the root, so that soft shading shows
    hsv = np.stack([angle / 2, np.full_like(angle, 190), light * 255], axis=2).astype(np.uint8)
    return Exhibit(
        f"The mean slope is {float(steepness.mean()):.1f} levels a pixel at the size shown; "
        f"{flat * 100:.1f} % of the stored pixels equal their neighbours exactly. Red rises to "
        "the right, green to the lower left, blue to the upper left.",
        np.asarray(cv2.cvtColor(hsv, cv2.COLOR_HSV2RGB), np.uint8),
        figures={"mean_slope": float(steepness.mean()), "flat_share": flat},
        warnings=(
            ("Large parts are perfectly flat, as drawn, filled in or burnt out.",)
            if flat > FLAT
            else ()
        ),
    )


def _flat_share(grey: NDArray[np.uint8]) -> float:
    """The share of pixels that equal their right and lower neighbours, of those that have both."""
    if min(grey.shape) < 2:
        return 0.0
    corner = grey[:-1, :-1]
    return float(np.mean((corner == grey[:-1, 1:]) & (corner == grey[1:, :-1])))
