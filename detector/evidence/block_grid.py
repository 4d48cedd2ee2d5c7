"""The seams between JPEG's 8x8 blocks: where the grid lies, and where another one does.

A seam is a step that stands out from the slopes beside it (Fan & de Queiroz 2003; Li, Yuan & Yu
2009, "Passive detection of doctored JPEG image via block artifact grid extraction"). Steps are
clipped, so that the picture's own edges do not decide, and averaged by position in the grid.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import binary_opening, uniform_filter

from detector.containers import identify
from detector.evidence.drawing import GREEN, PINK
from detector.evidence.exhibit import Exhibit
from detector.evidence.pixels import BLOCK, luma, reduced, reduction

CELL = 32  # pixels a side of a cell; a window of cells is judged together
WINDOW = 5  # cells a side
CLIP = 6  # levels: a higher step is an edge
STRIP_CELLS = 16  # rows of cells worked through at once
SCATTER = 2.0  # levels: standard deviation of a clipped step
CELL_CLIP = 3.0  # standard errors that one cell may add
CLEAR = 12.0  # standard errors of the whole picture's grid: texture alone reaches nine
SAME = 3.0  # standard errors of a window that follows the main grid
FOREIGN = 6.0  # of one that follows another, and by how much it must beat the main one
LITTLE = 0.01  # of the picture: less follows another grid by chance
MOST = 0.6  # of the picture: more is not pasted
TINT = 0.55  # of the colour laid over the picture


def look(image: NDArray[np.uint8], data: bytes) -> Exhibit:
    """Tint each window of (H, W, 3) by whether it follows the main grid.

    That is the file's own, from the upper left corner, of a JPEG; else the clearest.
    """
    grey = luma(image)
    if min(grey.shape) < 2 * CELL:
        return Exhibit(f"The picture is too small: at least {2 * CELL} pixels a side are needed.")
    across = _steps(grey)
    down = _steps(np.ascontiguousarray(grey.T)).swapaxes(0, 1)
    leads = [_lead(steps) for steps in (across, down)]
    whole = [lead.mean(axis=(0, 1)) * np.sqrt(lead[..., 0].size) for lead in leads]
    is_jpeg = identify(data) == "JPEG"
    x, y = (0, 0) if is_jpeg else (int(np.argmax(lead)) for lead in whole)
    follows, differs, elsewhere = _judged(leads, (x, y))
    strength = min(float(lead.max()) for lead in whole)
    same_share, other_share = float(follows.mean()), float(differs.mean())
    if strength < CLEAR and other_share < LITTLE:
        return Exhibit(
            "No grid of 8 x 8 blocks is found: the picture was not saved as JPEG, or was reduced, "
            "blurred or saved at a high quality.",
            figures={"strength": strength},
        )
    figures = {
        "offset_x": x,
        "offset_y": y,
        "strength": strength,
        "same_share": same_share,
        "other_share": other_share,
    }
    words = f"The main grid begins {x} pixels from the left and {y} from the top"
    if is_jpeg:
        words = "The main grid is that of the file's own blocks"
    elif (x, y) != (0, 0):
        words += ", so that the picture was cropped after an earlier save as JPEG"
    words += (
        f". {same_share * 100:.0f} % of the picture clearly follows it, and "
        f"{other_share * 100:.1f} % another"
    )
    if other_share >= LITTLE:
        figures |= {"other_x": elsewhere[0], "other_y": elsewhere[1]}
        words += f", most often one shifted to ({elsewhere[0]}, {elsewhere[1]})"
    if other_share > MOST:
        words += ": the whole was probably cropped after an earlier save"
    return Exhibit(f"{words}.", _tinted(image, follows, differs), figures=figures)


def _steps(grey: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Mean step by column position: (rows of cells, columns of cells, 8), 0 first.

    Position p stands for the step between columns p - 1 and p of the picture, modulo 8.
    """
    height, width = (side // CELL * CELL for side in grey.shape)
    means = []
    for top in range(0, height, STRIP_CELLS * CELL):
        part = grey[top : min(height, top + STRIP_CELLS * CELL), :width].astype(np.int16)
        jump = np.abs(np.diff(part, axis=1))
        steps = np.zeros_like(part)
        beside = (jump[:, :-2] + jump[:, 2:]) >> 1
        steps[:, 2:-1] = np.clip(jump[:, 1:-1] - beside, -CLIP, CLIP)
        cells = steps.reshape(len(part) // CELL, CELL, width // CELL, CELL // BLOCK, BLOCK)
        means.append(cells.mean(axis=(1, 3), dtype=np.float64))
    return np.concatenate(means)


def _lead(means: NDArray[np.float64]) -> NDArray[np.float64]:
    """By how many standard errors each position of each cell stands above the other seven.

    Clipped cell by cell: a window frame is a strong seam in a few cells, a grid is one in all.
    """
    others = (means.sum(axis=-1, keepdims=True) - means) / (BLOCK - 1)
    error = SCATTER / np.sqrt(CELL * CELL / BLOCK)
    return np.asarray(np.clip((means - others) / error, -CELL_CLIP, CELL_CLIP))


def _judged(
    leads: list[NDArray[np.float64]], main: tuple[int, int]
) -> tuple[NDArray[np.bool_], NDArray[np.bool_], tuple[int, int]]:
    """Which cells follow the main grid, which another one, and where most of those lie.

    Each is seen over a window of cells.
    """
    seen = [uniform_filter(lead, (WINDOW, WINDOW, 0), mode="nearest") * WINDOW for lead in leads]
    best = [lead.max(axis=2) for lead in seen]
    own = [lead[..., position] for lead, position in zip(seen, main, strict=True)]
    clear = (best[0] > FOREIGN) & (best[1] > FOREIGN)
    other = clear & ((best[0] - own[0] > FOREIGN) | (best[1] - own[1] > FOREIGN))
    other = binary_opening(other, np.ones((3, 3), bool))  # a pasted thing is larger than one cell
    follows = (own[0] > SAME) & (own[1] > SAME) & ~other
    places = [lead.argmax(axis=2)[other] for lead in seen]
    commonest = int(np.bincount(places[0] * BLOCK + places[1], minlength=1).argmax())
    return follows, other, divmod(commonest, BLOCK)


def _tinted(
    image: NDArray[np.uint8], follows: NDArray[np.bool_], differs: NDArray[np.bool_]
) -> NDArray[np.uint8]:
    factor = reduction(image)
    grey = luma(np.asarray(reduced(image, factor), np.uint8))
    shown = np.repeat(grey[..., None], 3, axis=2).astype(np.float32) * 0.8 + 20
    height, width = grey.shape
    rows = np.minimum(np.arange(height) * factor // CELL, len(follows) - 1)
    columns = np.minimum(np.arange(width) * factor // CELL, follows.shape[1] - 1)
    for cells, colour in ((follows, GREEN), (differs, PINK)):
        area = cells[rows][:, columns]
        shown[area] = shown[area] * (1 - TINT) + np.array(colour, np.float32) * TINT
    return np.asarray(cv2.convertScaleAbs(shown), np.uint8)
