"""Traces of a picture's format that say nothing of whether it was manipulated.

Size, the last JPEG compression (grid, quantisation steps, quality) and the chroma mode, all from
pixels. Each is normalised against the picture's own content, or the content would give the label.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.fft import dct

Plane = NDArray[np.float32]

BLOCK = 8
VOTING = (
    (0, 2), (2, 0), (1, 1), (0, 3), (3, 0), (1, 2), (2, 1), (2, 2), (1, 3), (3, 1), (3, 3), (4, 4),
)  # fmt: skip  # coefficients that coarse and fine tables both set to zero often
ZERO = 0.5  # of a DCT coefficient: rounding to bytes moves them by 0.2 or so
SURE = 5.0  # standard deviations of the other phases by which a grid's must stand out
STEPS = np.arange(1, 41)  # quantisation steps that are looked for
FEW = 24  # blocks that must tell something of a step
SURE_CHROMA = 4.0  # of a grid in chroma: of hundreds of phases without one the best reaches it
COMB = 0.5  # mean cosine from which a step is believed: 1 on the comb, 0 off it
COEFFICIENTS = ((0, 1), (1, 0), (1, 1), (0, 2), (2, 0), (1, 2), (2, 1))
STANDARD = np.array([11, 12, 12, 10, 14, 14, 13])  # their steps in Annex K of ITU-T T.81


def features(picture: NDArray[np.uint8]) -> dict[str, float]:
    """Nuisance features of (H, W, 3) uint8 RGB; -1 where a trace was not found.

    height, width: pixels.
    grid, grid_row, grid_column: whether an 8x8 grid was found, and where it starts (0..7).
    quality: of the standard tables, 1..100; step_0_1 and so on: steps of single coefficients.
    comb: how clearly the coefficients keep to multiples of their steps, 0..1.
    blockiness: steps across the grid's lines beside those between them, natural log.
    chroma: pixels of a stored chroma sample: 1 = 4:4:4, 2 = 4:2:2, 4 = 4:2:0.
    """
    luma, *chroma = planes(picture)
    found = {"height": float(picture.shape[0]), "width": float(picture.shape[1])}
    row, column, surety = grid(luma)
    is_grid = surety > SURE
    steps, clear = quantisation(luma[row:, column:]) if is_grid else ([], 0.0)
    found["grid"] = float(is_grid)
    found["grid_row"], found["grid_column"] = (row, column) if is_grid else (-1.0, -1.0)
    found["quality"] = quality(steps)
    found["comb"] = clear
    found["blockiness"] = blockiness(luma, row, column) if is_grid else -1.0
    for index, (down, across) in enumerate(COEFFICIENTS[:3]):
        found[f"step_{down}_{across}"] = float(steps[index]) if is_grid else -1.0
    found["chroma"] = chroma_mode(chroma) if is_grid else -1.0
    return found


def planes(picture: NDArray[np.uint8]) -> list[Plane]:
    """Y, Cb and Cr as JPEG defines them, (H, W) float32, without rounding."""
    red, green, blue = np.moveaxis(picture.astype(np.float32), 2, 0)
    luma = 0.299 * red + 0.587 * green + 0.114 * blue
    return [luma, (blue - luma) / 1.772, (red - luma) / 1.402]


def grid(luma: Plane) -> tuple[int, int, float]:
    """Where the 8x8 blocks of the last compression start, and how sure that is.

    The right phase has the most DCT coefficients that are zero (ZERO, doi 10.5201/ipol.2021.390).
    """
    basis = dct(np.eye(BLOCK), norm="ortho", axis=0).astype(np.float32)
    height, width = (length - BLOCK + 1 for length in luma.shape)
    zeros = np.zeros((height, width), np.float32)
    for down, across in VOTING:
        values = cv2.sepFilter2D(luma, cv2.CV_32F, basis[across], basis[down], anchor=(0, 0))
        zeros += np.abs(values[:height, :width]) < ZERO
    votes = np.array(
        [[zeros[r::BLOCK, c::BLOCK].mean() for c in range(BLOCK)] for r in range(BLOCK)]
    )
    best = int(votes.argmax())
    others = np.delete(votes.ravel(), best)
    surety = (votes.ravel()[best] - others.mean()) / max(float(others.std()), 1e-3)
    return best // BLOCK, best % BLOCK, float(surety)


def quantisation(luma: Plane) -> tuple[list[int], float]:
    """Steps of `COEFFICIENTS` (-1 if not found) for blocks from the corner on, and their clarity.

    Multiples of a step make a comb; of the combs that fit about as well, the coarsest is taken.
    """
    height, width = (length // BLOCK * BLOCK for length in luma.shape)
    blocks = luma[:height, :width].reshape(height // BLOCK, BLOCK, width // BLOCK, BLOCK)
    values = dct(dct(blocks, axis=1, norm="ortho"), axis=3, norm="ortho")
    steps, clarity = [], []
    for down, across in COEFFICIENTS:
        sizes = np.abs(values[:, down, :, across].ravel())
        waves = np.cos(2 * np.pi * sizes[:, None] / STEPS)
        telling = sizes[:, None] > STEPS / 2  # all others are zeros of any comb
        count = telling.sum(0)
        fit = np.where(count < FEW, 0.0, (waves * telling).sum(0) / np.maximum(count, 1))
        fit[0] = 0.0  # bytes are nearly multiples of 1 anyway
        best = fit.max()
        steps.append(int(STEPS[fit > 0.85 * best].max()) if best > COMB else -1)
        clarity.append(float(max(best, 0.0)))
    return steps, float(np.mean(clarity))


def quality(steps: list[int]) -> float:
    """The quality whose standard table comes closest to the steps found; -1 without any."""
    known = np.array(steps) > 0
    if not known.any():
        return -1.0
    qualities = np.arange(1, 101)
    scale = np.where(qualities < 50, 5000 / qualities, 200 - 2 * qualities)
    tables = np.maximum(np.floor((scale[:, None] * STANDARD + 50) / 100), 1)
    distance = np.abs(np.log(tables / np.maximum(steps, 1)))[:, known].mean(1)
    return float(qualities[distance.argmin()])


def blockiness(luma: Plane, row: int, column: int) -> float:
    """Second differences across the grid's lines beside all others, natural log."""
    ratios = []
    for plane, start in ((luma, row), (luma.T, column)):
        jump = np.abs(plane[3:] - 3 * plane[2:-1] + 3 * plane[1:-2] - plane[:-3]).mean(1)
        line = np.arange(len(jump)) % BLOCK == (start - 2) % BLOCK
        ratios.append(float(np.log((jump[line].mean() + 0.1) / (jump[~line].mean() + 0.1))))
    return max(ratios)


def chroma_mode(chroma: list[Plane]) -> float:
    """Pixels of a stored chroma sample, by the scale at which Cb and Cr show a grid best."""
    halves = [half(plane.T, phase).T for plane in chroma for phase in range(2)]
    quarters = [half(plane, phase) for plane in halves for phase in range(2)]
    scales = {1: chroma, 2: halves, 4: quarters}
    sureties = {
        pixels: max(grid(np.ascontiguousarray(plane))[2] for plane in planes)
        for pixels, planes in scales.items()
    }
    best = max(sureties, key=lambda pixels: sureties[pixels])
    return float(best) if sureties[best] > SURE_CHROMA else -1.0


def half(plane: Plane, phase: int) -> Plane:
    """Rows as they were stored before libjpeg's triangle filter doubled them from row `phase`."""
    rows = plane[phase:]
    count = (len(rows) - 3) // 2
    first, left, right, last = (rows[k : k + 2 * count : 2] for k in range(4))
    return np.asarray((3 * left - first + 3 * right - last) / 4, np.float32)
