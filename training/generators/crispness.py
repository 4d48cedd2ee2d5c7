"""Fine detail of a redrawn picture, beside that of its original.

Resizing takes a band of frequencies from a twin that its original has. A detector would learn blur
as the mark of the generated, as DDA (arXiv 2505.14359) found it learn the opposite from
reconstructions of JPEG files.
"""

from __future__ import annotations

import cv2
import numpy as np

from training.history import Picture, to_bytes

MISSING = 0.9  # of the original's detail: a picture with less is sharpened
SIGMA = 0.8  # pixels: of unsharp masking
LIMIT = 1.5  # its strength, before halos are seen


def detail(picture: Picture) -> float:
    """How much there is of the finest structure: the deviation of the Laplacian of its grey."""
    grey = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)
    return float(cv2.Laplacian(grey, cv2.CV_32F).std())


def as_crisp(twin: Picture, original: Picture) -> Picture:
    """The twin, sharpened towards the detail of its original if it has clearly less."""
    have, want = max(detail(twin), 1e-3), detail(original)
    if have > MISSING * want:
        return twin
    base = twin.astype(np.float32)
    high = base - np.asarray(cv2.GaussianBlur(base, (0, 0), SIGMA), np.float32)
    gain = detail(to_bytes(base + high)) / have - 1  # of masking with a strength of 1
    return to_bytes(base + min(LIMIT, (want / have - 1) / max(gain, 1e-3)) * high)
