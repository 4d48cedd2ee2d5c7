"""The mean strength of every frequency of the fine residual, and the ones that stand out.

As generators' fingerprints are shown: Marra et al. 2019, "Do GANs leave artificial fingerprints?";
Corvi et al. 2023, "Intriguing properties of synthetic images". The logarithms of tiles are
averaged, so that what repeats all over stands out and what is in one place fades.
"""

from __future__ import annotations

from itertools import product
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.fft import fft2, fftshift
from scipy.ndimage import maximum_filter, median_filter

from detector.evidence.drawing import coloured, labelled
from detector.evidence.exhibit import Exhibit
from detector.evidence.pixels import luma

TILE = 256  # pixels a side: periods up to 16 pixels are told apart
MIN_TILE = 32  # pixels: a smaller picture has no spectrum to speak of
MAX_TILES = 220  # 14 megapixels; of larger pictures, evenly spread ones
BLUR = 1.5  # pixels: what is coarser is content, not trace
AROUND = 9  # frequencies a side that a peak is compared with
PEAK_DB = 4.0  # above its surroundings, when there are hundreds of tiles
SCATTER_DB = 5.6  # standard deviation of the decibels of one tile of noise
CHANCE = 5.0  # standard deviations: one of 60,000 frequencies reaches four and a half
FLAT = 0.3  # levels: a tile whose residual is fainter has nothing but rounding in it
LEAST = 1e-3  # of the amplitude: the logarithm of nothing is not taken
SHOWN = 12  # peaks at most
COARSE = 0.1  # cycles a pixel: below it shapes, not traces
SCALE = 3  # pixels of the drawing a frequency


class Peak(NamedTuple):
    """One frequency: cycles a pixel across (-0.5..0.5) and down (0..0.5), decibels of lead."""

    across: float
    down: float
    lead: float

    @property
    def period(self) -> float:
        """In pixels, along the direction in which it repeats."""
        return 1 / float(np.hypot(self.across, self.down))

    @property
    def of_jpeg(self) -> bool:
        """Whether it belongs to the grid of 8 pixels, which has multiples of an eighth."""
        return all(abs(f * 8 - round(f * 8)) < 0.06 for f in (self.across, self.down))


def look(image: NDArray[np.uint8], _: bytes) -> Exhibit:
    """Average the spectrum of the residual of (H, W, 3) over tiles at full size."""
    side = min(TILE, *image.shape[:2]) // 2 * 2
    if side < MIN_TILE:
        return Exhibit(f"The picture is too small: at least {MIN_TILE} pixels a side are needed.")
    decibels, count = _mean_decibels(luma(image), side)
    if count == 0:
        return Exhibit("The picture is flat nearly everywhere: it has no frequencies to show.")
    peaks = _peaks(decibels, max(PEAK_DB, CHANCE * SCATTER_DB / np.sqrt(count)))
    jpeg = [peak for peak in peaks if peak.of_jpeg]
    others = [peak for peak in peaks if not peak.of_jpeg]
    words = f"{len(others)} points stand out beside the JPEG grid's {len(jpeg)}" if peaks else ""
    if others:
        listed = ", ".join(
            f"{p.period:.2f} px ({_direction(p)}, {p.lead:.0f} dB)" for p in others[:4]
        )
        words += f", repeating every {listed}"
    return Exhibit(
        f"{words or 'No point stands out'}. Mean of {count} tiles of {side} x {side} pixels.",
        chart=_drawn(decibels, peaks),
        figures={
            "peaks": len(others),
            "jpeg_peaks": len(jpeg),
            **({"period": others[0].period, "lead_db": others[0].lead} if others else {}),
        },
        warnings=("So few tiles leave points by chance.",) if count < 12 else (),
    )


def _mean_decibels(grey: NDArray[np.uint8], side: int) -> tuple[NDArray[np.float32], int]:
    """(side, side) mean level with frequency zero in the middle, and the number of tiles in it."""
    corners = list(product(*(range(0, length - side + 1, side) for length in grey.shape)))
    chosen = np.unique(np.linspace(0, len(corners) - 1, MAX_TILES).astype(int))
    ramp = np.hanning(side + 1)[:-1].astype(np.float32)
    window = np.outer(ramp, ramp)
    total, count = np.zeros((side, side), np.float32), 0
    for top, left in (corners[i] for i in chosen):
        tile = grey[top : top + side, left : left + side].astype(np.float32)
        residual = tile - cv2.GaussianBlur(tile, (0, 0), BLUR)
        if (spread := float(residual.std())) < FLAT:
            continue
        total += 20 * np.log10(np.abs(fft2(residual * (window / spread))) + LEAST)
        count += 1
    return np.asarray(fftshift(total / max(count, 1)), np.float32), count


def _peaks(decibels: NDArray[np.float32], threshold: float) -> list[Peak]:
    """What stands out from its surroundings, strongest first; of each mirrored pair one."""
    side = len(decibels)
    lead = decibels - median_filter(decibels, AROUND, mode="wrap")
    top = (lead == maximum_filter(lead, 5, mode="wrap")) & (lead > threshold)
    peaks = []
    for row, column in np.argwhere(top):
        down, across = (float(i - side // 2) / side for i in (row, column))
        if np.hypot(across, down) < COARSE or (down, across) != max(
            (down, across), _mirror(down, across)
        ):
            continue
        peaks.append(Peak(across, down, float(lead[row, column])))
    return sorted(peaks, key=lambda peak: -peak.lead)[:SHOWN]


def _mirror(down: float, across: float) -> tuple[float, float]:
    """The conjugate's place: minus both, where -0.5 stays (it is 0.5 as well)."""
    return (down if down == -0.5 else -down, across if across == -0.5 else -across)


def _direction(peak: Peak) -> str:
    angle = float(np.degrees(np.arctan2(abs(peak.down), abs(peak.across))))
    return "across" if angle < 10 else "down" if angle > 80 else "slanting"


def _drawn(decibels: NDArray[np.float32], peaks: list[Peak]) -> NDArray[np.uint8]:
    side = len(decibels)
    low, high = np.percentile(decibels, (2, 99.7))
    scale = SCALE * TILE // side
    shown = cv2.resize(
        coloured(decibels, float(low), float(high)), None, fx=scale, fy=scale, interpolation=0
    )
    size = shown.shape[0]
    shown = np.ascontiguousarray(shown)
    for peak in peaks:
        for sign in (1, -1):
            place = [
                round(((sign * f + 0.5) % 1.0 * side + 0.5) * scale)
                for f in (peak.across, peak.down)
            ]
            colour = (150, 200, 255) if peak.of_jpeg else (90, 255, 170)
            cv2.circle(shown, place, 13, colour, 2, cv2.LINE_AA)
    rows = ["Cycles a pixel: 0 in the", "middle, 0.5 at the rim.", ""]
    rows += [f"{'JPEG: ' if p.of_jpeg else ''}{p.period:.2f} px {_direction(p)}" for p in peaks]
    return np.concatenate([np.asarray(shown, np.uint8), labelled(rows, 320, size)], axis=1)
