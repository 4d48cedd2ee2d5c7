"""One binary digit of each colour."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from detector.evidence.exhibit import Exhibit
from detector.evidence.pixels import centre, reduced, reduction, strips

COUNTED = 4_000_000  # pixels of the middle that neighbours are counted in
ALIKE = 0.8  # of neighbours in the finest plane: half is chance


def look(image: NDArray[np.uint8], _: bytes, plane: int) -> Exhibit:
    """Show digit `plane` (0 is worth 1 level, 7 is worth 128) of (H, W, 3), averaged to size."""
    factor = reduction(image)
    mask = np.uint8(1 << plane)
    digits = [
        reduced((strip & mask != 0) * np.uint8(255), factor) for strip in strips(image, factor)
    ]
    middle = centre(image, COUNTED) & mask
    set_share = float(np.mean(middle != 0))
    alike = float(np.mean(middle[:, 1:] == middle[:, :-1])) if middle.shape[1] > 1 else 1.0
    return Exhibit(
        f"Plane {plane}: {set_share * 100:.0f} % of the digits are set, and {alike * 100:.0f} % "
        "equal their right-hand neighbour (pure noise: 50 %).",
        np.asarray(np.concatenate(digits), np.uint8),
        figures={"plane": plane, "set_share": set_share, "neighbours_alike": alike},
        warnings=(
            ("The finest plane is far from noise: the picture is drawn, smoothed or burnt out.",)
            if plane == 0 and alike > ALIKE
            else ()
        ),
    )
