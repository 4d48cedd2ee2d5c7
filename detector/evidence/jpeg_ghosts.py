"""JPEG ghosts: blocks that fit an earlier save at a lower quality.

Farid 2009, "Exposing digital forgeries from JPEG ghosts" (IEEE TIFS 4.1). A block that was once
quantized at quality q changes less when it is quantized at q again than at the qualities around it.
Done on DCT coefficients of brightness rather than by saving files: the same sum of squares
(Parseval), block by block.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.fft import dctn
from scipy.ndimage import uniform_filter

from detector.evidence.drawing import PINK, Chart, coloured, legend, stacked
from detector.evidence.exhibit import Exhibit
from detector.evidence.pixels import blocks, luma
from detector.evidence.tables import LUMA, file_tables, nearest_quality, scaled

QUALITIES = tuple(range(36, 99, 3))  # a ghost is some four steps wide: none falls in between
MAX_BLOCKS = 32_000  # 2 megapixels of blocks; of larger pictures every k-th is looked at
WINDOW = 5  # blocks a side that are judged together: one alone fits many qualities by chance
FLOOR = 0.2  # squared levels a pixel: rounding to whole levels alone leaves a twelfth
DIP = 0.25  # of the logarithm: a fit this much better than at the neighbours counts
RIVAL = 0.6  # of the strongest dip
TEXTURE = 6.0  # squared levels, variance in a block: a flatter one fits everything
GLOBAL_DIP = 0.12  # the same for the whole picture, which has less chance in it
OWN = 5  # qualities below the file's own last save: from there on every block dips
RAMP = cv2.COLORMAP_VIRIDIS  # dark for low qualities, bright for high; even in lightness
DIM = 0.3  # of the brightness of blocks without a ghost


def look(image: NDArray[np.uint8], data: bytes) -> Exhibit:
    """Map the quality of an earlier save in (H, W, 3), and draw the fit of the whole picture."""
    cut, stride = blocks(luma(image), MAX_BLOCKS)
    if min(cut.shape[:2]) < 1:
        return Exhibit("The picture is too small: it holds no block of 8 x 8 pixels.")
    backdrop, variance = cut.mean(axis=(2, 3)), cut.var(axis=(2, 3))
    fits = _fits(cut)
    curve = np.log(fits.mean(axis=(1, 2)) + FLOOR)
    tables = file_tables(data)
    last = nearest_quality(tables[0])[0] if tables else None
    overall = _dips(curve[:, None, None])[:, 0, 0]
    found = [QUALITIES[i] for i in np.flatnonzero(overall > GLOBAL_DIP)]
    earlier = [quality for quality in found if last is None or quality < last - OWN]
    logs = np.log(uniform_filter(fits, (1, WINDOW, WINDOW), mode="nearest") + FLOOR)
    dips = _dips(logs)
    if last is not None:
        dips[[quality > last - OWN for quality in QUALITIES]] = 0
    strongest = dips.max(axis=0)
    # steps twice as fine fit nearly as well: of rivals the lowest quality is the one
    quality_of = np.asarray(QUALITIES)[(dips > RIVAL * strongest).argmax(axis=0)]
    textured = uniform_filter(variance, WINDOW, mode="nearest") > TEXTURE
    ghost = (strongest > DIP) & textured
    share = float(ghost.mean())
    figures = {"ghost_share": share}
    words = f"{share * 100:.0f} % of the blocks fit an earlier save"
    if ghost.any():
        commonest = int(np.bincount(quality_of[ghost]).argmax())
        figures["commonest_quality"] = commonest
        words += f", most often one at about quality {commonest}"
    if earlier:
        figures["primary_quality"] = earlier[0]
        words += f". The picture as a whole fits a save at about quality {earlier[0]}"
    if last is not None:
        figures["last_quality"] = last
        words += f". The file itself was saved at about quality {last}"
    if stride > 1:
        words += f". One in {stride} rows and columns of blocks was looked at"
    drawn = Chart(
        (QUALITIES[0], QUALITIES[-1]),
        (float(curve.min()), float(curve.max())),
        "JPEG quality",
        "change of the whole picture, log",
    )
    drawn.line(QUALITIES, curve.tolist())
    for quality in found:
        drawn.mark(quality, float(curve[QUALITIES.index(quality)]), str(quality), PINK)
    return Exhibit(
        f"{words}.",
        _map(quality_of, ghost, backdrop),
        stacked(
            legend(QUALITIES[0], QUALITIES[-1], "quality of the earlier save", RAMP), drawn.drawn()
        ),
        figures=figures,
        warnings=(
            ("The file's last save is so strong that earlier ones can hardly be seen.",)
            if last is not None and last < 60
            else ()
        ),
    )


def _fits(cut: NDArray[np.float32]) -> NDArray[np.float32]:
    """Mean squared change of each block when quantized at each quality: (qualities, R, C)."""
    coefficients = dctn(cut - 128, axes=(2, 3), norm="ortho", overwrite_x=True)
    fits = np.empty((len(QUALITIES), *cut.shape[:2]), np.float32)
    for i, quality in enumerate(QUALITIES):
        step = scaled(LUMA, quality).astype(np.float32)
        levels = coefficients / step
        levels -= np.rint(levels)
        levels *= step
        fits[i] = np.einsum("rcuv,rcuv->rc", levels, levels) / 64
    return fits


def _dips(logs: NDArray[np.floating]) -> NDArray[np.floating]:
    """How far each quality lies below the line between those two steps either side; 0 at the ends.

    Negative and falling curves are clipped to 0: only a local minimum is a ghost.
    """
    dips = np.zeros_like(logs)
    for i in range(2, len(QUALITIES) - 2):
        near = np.minimum(logs[i - 1], logs[i + 1]) - logs[i]
        far = np.minimum(logs[i - 2], logs[i + 2]) - logs[i]
        dips[i] = np.where(near > 0, np.maximum(near, far), 0)
    return np.maximum(dips, 0)


def _map(
    quality_of: NDArray[np.integer], ghost: NDArray[np.bool_], backdrop: NDArray[np.float32]
) -> NDArray[np.uint8]:
    """Ghosts in colour on the picture, dimmed, one pixel a block and enlarged."""
    dim = (backdrop * DIM).astype(np.uint8)
    small = np.repeat(dim[..., None], 3, axis=2)
    small[ghost] = coloured(quality_of.astype(np.float32), QUALITIES[0], QUALITIES[-1], RAMP)[ghost]
    scale = max(1, 800 // max(ghost.shape))
    return np.asarray(cv2.resize(small, None, fx=scale, fy=scale, interpolation=0), np.uint8)
