"""Error level analysis: what one more save as JPEG changes (Krawetz 2007, "A Picture's Worth")."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from detector.evidence.exhibit import Exhibit
from detector.evidence.pixels import reduced, reduction, strips

SHOWN_BRIGHT = 99.0  # per cent of the pixels stay below white
MAX_GAIN = 60.0  # beyond it a picture that has nothing to show would show rounding
FAINT = 0.35  # levels: a mean change below it comes from a save at about this very quality


def look(image: NDArray[np.uint8], _: bytes, quality: int) -> Exhibit:
    """Save (H, W, 3) at `quality` and show the change of each colour, amplified, at screen size.

    Worked through in strips of 16 rows' multiples, which a JPEG codec treats alike.
    """
    factor = reduction(image)
    change = np.concatenate([reduced(_change(s, quality), factor) for s in strips(image, factor)])
    mean, bright = float(change.mean()), float(np.percentile(change.max(axis=2), SHOWN_BRIGHT))
    gain = min(MAX_GAIN, 255 / max(bright, 1e-6))
    shown = np.clip(change.astype(np.float32) * gain, 0, 255).astype(np.uint8)
    spread = float(np.percentile(change.max(axis=2), 95))
    warnings: tuple[str, ...] = ()
    if mean < FAINT:
        warnings = (
            "Almost nothing changes at this quality: the picture was last saved at about it, or is "
            "nearly flat. Try another quality.",
        )
    return Exhibit(
        f"Saved again at quality {quality}, a pixel changes by {mean:.2f} of 255 levels on "
        f"average; 5 % change by more than {spread:.1f}. Shown {gain:.0f} times as strong.",
        shown,
        figures={"quality": quality, "mean_change": mean, "gain": gain},
        warnings=warnings,
    )


def _change(strip: NDArray[np.uint8], quality: int) -> NDArray[np.uint8]:
    # 4:2:0 is what most software writes: with full colour the file's own colour blocks would show
    options = [
        *(cv2.IMWRITE_JPEG_QUALITY, quality),
        *(cv2.IMWRITE_JPEG_SAMPLING_FACTOR, cv2.IMWRITE_JPEG_SAMPLING_FACTOR_420),
    ]
    _, coded = cv2.imencode(".jpg", cv2.cvtColor(strip, cv2.COLOR_RGB2BGR), options)
    again = np.asarray(cv2.imdecode(coded, cv2.IMREAD_COLOR_RGB), np.uint8)
    return np.asarray(cv2.absdiff(strip, again), np.uint8)
