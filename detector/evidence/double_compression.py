"""How often each DCT coefficient occurs: a second save as JPEG leaves a comb.

Popescu & Farid 2004, "Statistical tools for digital forensics"; the histogram that a single save
would have is had by shifting the grid four pixels, as in Fridrich, Goljan & Hogea 2002, "Attacking
the OutGuess".
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.fft import dctn
from scipy.ndimage import uniform_filter1d

from detector.evidence.drawing import BLUE, MUTED, Chart, stacked
from detector.evidence.exhibit import Exhibit
from detector.evidence.pixels import BLOCK, blocks, luma
from detector.evidence.tables import file_tables

FREQUENCIES = ((0, 1), (1, 0), (1, 1), (0, 2), (2, 0), (1, 2), (2, 1))  # rows first; strong ones
DRAWN = 3  # histograms
MAX_BLOCKS = 60_000  # 4 megapixels: histograms of hundreds of counts a level
MIN_BLOCKS = 400  # fewer leave gaps by chance
MIN_REACH = 10  # levels either side of zero: two periods of the longest comb
MAX_REACH = 64  # levels either side of zero: beyond it counts are few
RARE = 25.0  # counts of a level below which it weighs less
LONGEST = 9.0  # levels: a longer wave is the shape of the histogram
SWING = 0.25  # of the logarithm of the counts: weaker combs come by chance
OUTSTANDING = 12.0  # times the median of the spectrum
AGREE = 2  # histograms: one comb alone comes by chance


class Comb(NamedTuple):
    """The strongest rhythm of one histogram: its period in levels, its swing, how it stands out."""

    period: float
    swing: float
    prominence: float

    @property
    def found(self) -> bool:
        return self.swing > SWING and self.prominence > OUTSTANDING


def look(image: NDArray[np.uint8], data: bytes) -> Exhibit:
    """Count the coefficients of (H, W, 3) on its own grid, in steps of the file's own table."""
    grey = luma(image)
    cut, _ = blocks(grey, MAX_BLOCKS)
    shifted, _ = blocks(grey[BLOCK // 2 :, BLOCK // 2 :], MAX_BLOCKS)
    if cut.shape[0] * cut.shape[1] < MIN_BLOCKS or not shifted.size:
        return Exhibit("The picture is too small: several hundred blocks of 8 x 8 are needed.")
    tables = file_tables(data)
    steps = tables[0] if tables else np.ones((BLOCK, BLOCK), np.int64)
    own, plain = (
        dctn(part - 128, axes=(2, 3), norm="ortho", overwrite_x=True) for part in (cut, shifted)
    )
    combs: list[Comb] = []
    charts: list[NDArray[np.uint8]] = []
    for row, column in FREQUENCIES:
        step = float(steps[row, column])
        levels = np.rint(own[..., row, column] / step).ravel()
        reference = np.rint(plain[..., row, column] / step).ravel()
        reach = min(MAX_REACH, int(np.percentile(np.abs(levels), 99)))
        if reach < MIN_REACH:
            continue
        counts = _counts(levels, reach)
        expected = _counts(reference, reach) * (len(levels) / len(reference))
        comb = comb_of(counts, expected)
        combs.append(comb)
        if len(charts) < DRAWN:
            charts.append(_chart(counts, expected, f"coefficient ({row}, {column}), step {step:g}"))
    if not combs:
        return Exhibit(
            "There is too little structure, or the compression is too strong, to count levels."
        )
    found = [comb for comb in combs if comb.found]
    best = max(found or combs, key=lambda comb: comb.swing)
    figures = {
        "combs": len(found),
        "measured": len(combs),
        "period": best.period,
        "swing": best.swing,
    }
    return Exhibit(
        _words(best, len(found), len(combs), bool(tables)),
        chart=stacked(*charts),
        figures=figures,
    )


def _words(best: Comb, found: int, measured: int, is_jpeg: bool) -> str:
    if found < AGREE:
        seen = "No comb" if not found else "A faint comb"
        of = f"any of {measured}" if not found else f"one of {measured}"
        return f"{seen} in {of} histograms: no clear sign of an earlier save as JPEG."
    what = (
        "the picture was probably saved as JPEG before, at another quality"
        if is_jpeg
        else "the picture was probably saved as JPEG before it became this file"
    )
    return (
        f"A comb in {found} of {measured} histograms, the clearest repeating every "
        f"{best.period:.3g} levels: {what}."
    )


def _counts(levels: NDArray[np.floating], reach: int) -> NDArray[np.float64]:
    inside = levels[np.abs(levels) <= reach].astype(np.int64) + reach
    return np.bincount(inside, minlength=2 * reach + 1).astype(np.float64)


def comb_of(counts: NDArray[np.float64], expected: NDArray[np.float64]) -> Comb:
    """The strongest rhythm in which counts of the levels -n..n swing round the expected ones."""
    ratio = np.log((counts + 1) / (expected + 1))
    weight = np.clip(np.maximum(counts, expected) / RARE, 0, 1)
    weight[len(counts) // 2] = 0  # zero is where everything faint ends up
    ratio -= uniform_filter1d(ratio * weight, 9) / np.maximum(uniform_filter1d(weight, 9), 1e-6)
    signal = np.clip(ratio, -2, 2) * weight
    padded = 1024  # finer than the levels, so that a period between whole ones is met
    spectrum = np.abs(np.fft.rfft(signal, padded))
    frequencies = np.fft.rfftfreq(padded)
    usable = frequencies >= 1 / LONGEST
    peak = int(np.argmax(np.where(usable, spectrum, 0)))
    swing = 2 * float(spectrum[peak]) / max(float(weight.sum()), 1.0)
    middle = float(np.median(spectrum[usable] ** 2))
    return Comb(1 / float(frequencies[peak]), swing, float(spectrum[peak] ** 2) / max(middle, 1e-9))


def _chart(
    counts: NDArray[np.float64], expected: NDArray[np.float64], words: str
) -> NDArray[np.uint8]:
    reach = len(counts) // 2
    levels = range(-reach, reach + 1)
    away = np.abs(np.arange(-reach, reach + 1)) > 1
    top = float(np.max(np.maximum(counts, expected)[away])) * 1.1
    chart = Chart((-reach, reach), (0, top), f"level of {words}", "blocks")
    chart.bars(levels, counts.tolist())
    chart.line(levels, expected.tolist(), MUTED, 3)
    chart.key(("this picture", BLUE), ("saved once", MUTED))
    return chart.drawn()
