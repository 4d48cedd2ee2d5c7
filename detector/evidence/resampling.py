"""The rhythm that enlarging leaves in how much neighbouring pixels differ.

Gallagher 2005, "Detection of linear and cubic interpolation in JPEG compressed images"; Mahdian &
Saic 2008, "Blind authentication using periodic properties of interpolation": the mean size of the
second difference has period s in a picture enlarged s times, at frequency 1/s. Doubling is
symmetric, so that only first differences, within and between pairs, tell of it.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d, median_filter

from detector.evidence.drawing import PINK, Chart, stacked
from detector.evidence.exhibit import Exhibit
from detector.evidence.pixels import centre, luma

MAX_PIXELS = 9_000_000  # of the middle
MIN_LENGTH = 64  # pixels: a shorter side has no frequencies to speak of
CLIP = 12  # levels: stronger differences are edges
TREND = 4.0  # pixels: what is slower is content
PEAK = 7.0  # times the local median: higher than one profile in a thousand by chance
AROUND = 25  # frequencies that a spike is compared with
LOWEST = 0.08  # cycles a pixel: below it content
GRID = 0.004  # cycles a pixel round the multiples of an eighth, which are JPEG's
DOUBLED = 2.5  # times the grid's other multiples: doubling falls on one of them
SHOWN = 3  # spikes marked in a chart


class Spike(NamedTuple):
    """One frequency in cycles a pixel, and how many times it exceeds its surroundings."""

    frequency: float
    lead: float

    @property
    def words(self) -> str:
        """The enlargement or enlargements it fits."""
        factors = {round(1 / self.frequency, 2), round(1 / (1 - self.frequency), 2)}
        return " or ".join(f"\u00d7{factor:g}" for factor in sorted(factors))


def look(image: NDArray[np.uint8], _: bytes) -> Exhibit:
    """Search rows and columns of the middle of (H, W, 3), at full size, for a rhythm."""
    grey = luma(centre(image, MAX_PIXELS)).astype(np.int16)
    if min(image.shape[:2]) < 8 or max(grey.shape) < MIN_LENGTH:
        return Exhibit(f"The picture is too small: {MIN_LENGTH} pixels along a side are needed.")
    charts, found = [], []
    figures: dict[str, float] = {}
    for name, turned in (("across", grey), ("down", grey.T)):
        if turned.shape[1] < MIN_LENGTH:
            continue
        frequencies, leads = _spectrum(turned)
        spikes = _spikes(frequencies, leads)
        charts.append(_chart(frequencies, leads, spikes, name))
        if spikes:
            figures |= {f"frequency_{name}": spikes[0].frequency, f"lead_{name}": spikes[0].lead}
            found.append(f"{name} every {1 / spikes[0].frequency:.3g} px (fits {spikes[0].words})")
    caption = (
        f"A rhythm is found {' and '.join(found)}: the picture was probably enlarged or turned."
        if found
        else "No rhythm is found beside that of JPEG's grid."
    )
    return Exhibit(caption, chart=stacked(*charts), figures=figures)


def _spectrum(grey: NDArray[np.int16]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Frequencies along the rows, and how strong each is in relation to those around it."""
    first = np.diff(grey, axis=1)
    size = grey.shape[1] - 2
    leads = np.zeros(size // 2 + 1)
    for differences in (np.diff(first, axis=1), first[:, :size]):
        profile = np.minimum(np.abs(differences), CLIP).mean(axis=0, dtype=np.float64)
        profile -= gaussian_filter1d(profile, TREND, mode="nearest")
        spectrum = np.abs(np.fft.rfft(profile * np.hanning(size)))
        around = median_filter(spectrum, AROUND, mode="mirror")
        floor = max(float(np.median(spectrum)) * 0.5, 1e-6)
        leads = np.maximum(leads, spectrum / np.maximum(around, floor))
    return np.asarray(np.fft.rfftfreq(size), np.float64), leads


def _spikes(frequencies: NDArray[np.float64], leads: NDArray[np.float64]) -> list[Spike]:
    eighths = np.abs(frequencies * 8 - np.rint(frequencies * 8)) / 8
    width = max(GRID, 4 / (2 * len(frequencies)))  # the window smears them over four
    usable = (frequencies > LOWEST) & (eighths > width)
    grid = leads[(eighths < width) & (frequencies > LOWEST) & (frequencies < 0.5 - width)]
    if leads[-1] > DOUBLED * grid.max(initial=0):  # JPEG's own seams are as strong at the others
        usable[-1] = True
    inside = np.where(usable, leads, 0)
    peaks = [
        Spike(float(frequencies[i]), float(inside[i]))
        for i in np.argsort(-inside)[: 4 * SHOWN]
        if inside[i] > PEAK and inside[i] >= inside[max(0, i - 2) : i + 3].max()
    ]
    return peaks[:SHOWN]


def _chart(
    frequencies: NDArray[np.float64], leads: NDArray[np.float64], spikes: list[Spike], name: str
) -> NDArray[np.uint8]:
    top = max(2 * PEAK, float(leads[frequencies > LOWEST].max()) * 1.15)
    chart = Chart((0, 0.5), (0, top), f"cycles a pixel, {name}", "times its surroundings")
    chart.line(frequencies.tolist(), leads.tolist())
    for spike in spikes:
        chart.mark(spike.frequency, spike.lead, spike.words, PINK)
    return chart.drawn()
