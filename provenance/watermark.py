"""The invisible mark that Stable Diffusion's reference programs put into every picture.

The method is `dwtDct` of the `invisible-watermark` library (MIT), done again here: its package
brings torch and onnxruntime for methods that nobody uses, and the decoder is a Haar transform and
a remainder. In the LL band of the U channel, each block of 4 x 4 holds one bit in the remainder of
its largest value. The mark survives PNG, barely a good JPEG, and no resizing: its absence says
nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import comb

import numpy as np
from numpy.typing import NDArray

SCALE = 36.0  # the method's step, as the reference programs call it
BLOCK = 4
MIN_PIXELS = 256 * 256  # smaller pictures are never marked
MAX_PIXELS = 40_000_000  # generators make a tenth of it
STRIP_PIXELS = 1_000_000  # looked at a strip at a time: some 30 MB
MAX_CHANCE = 1e-7  # that a picture without a mark agrees as well, bits taken as coin tosses

MARKS: dict[str, NDArray[np.uint8]] = {
    "Stable Diffusion 1 (CompVis)": np.unpackbits(np.frombuffer(b"StableDiffusionV1", np.uint8)),
    "Stable Diffusion 2": np.unpackbits(np.frombuffer(b"SDV2", np.uint8)),
    "Stable Diffusion XL": np.array(
        [int(bit) for bit in f"{0b101100111110110010010000011110111011000110011110:048b}"], np.uint8
    ),
    "FLUX.1": np.array(
        [int(bit) for bit in f"{0b001010101111111010000111100111001111010100101110:048b}"], np.uint8
    ),
}


@dataclass(frozen=True, slots=True)
class Watermark:
    """A mark that was found.

    Attributes:
        name: whose mark it is.
        agreeing: bits that agree.
        bits: bits that it has.
    """

    name: str
    agreeing: int
    bits: int


def find(picture: NDArray[np.uint8]) -> Watermark | None:
    """Look for known marks in (H, W, 3) uint8 RGB; None where there is none."""
    height, width = picture.shape[:2]
    if not MIN_PIXELS <= height * width <= MAX_PIXELS or min(height, width) < 2 * BLOCK:
        return None
    votes = _votes(picture)
    for name, mark in MARKS.items():
        decoded = _decode(votes, len(mark))
        agreeing = int((decoded == mark).sum())
        if _chance(agreeing, len(mark)) < MAX_CHANCE / len(MARKS):
            return Watermark(name, agreeing, len(mark))
    return None


def _votes(picture: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """One bit a block, in rows."""
    height, width = (side // (2 * BLOCK) * 2 * BLOCK for side in picture.shape[:2])
    step = max(1, STRIP_PIXELS // (2 * BLOCK * width)) * 2 * BLOCK
    strips = [
        _strip_votes(picture[top : min(top + step, height), :width])
        for top in range(0, height, step)
    ]
    return np.concatenate(strips)


def _strip_votes(strip: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """The bits of whole rows of blocks."""
    import cv2

    height, width = strip.shape[:2]
    chroma = cv2.cvtColor(strip, cv2.COLOR_RGB2YUV)[..., 1].astype(np.float32)
    # Haar's LL band: the sum of 2 x 2 over 2
    band = chroma.reshape(height // 2, 2, width // 2, 2).sum(axis=(1, 3)) / 2
    blocks = band.reshape(band.shape[0] // BLOCK, BLOCK, band.shape[1] // BLOCK, BLOCK)
    values = np.abs(blocks.transpose(0, 2, 1, 3).reshape(-1, BLOCK * BLOCK)[:, 1:])
    votes: NDArray[np.bool_] = values.max(axis=1) % SCALE > SCALE / 2
    return votes


def _decode(votes: NDArray[np.bool_], bits: int) -> NDArray[np.uint8]:
    """The majority of the blocks that hold each bit, a tie counted as 1 as the library does."""
    if len(votes) < bits:
        return np.full(bits, 2, np.uint8)  # agrees with nothing
    owner = np.arange(len(votes)) % bits
    ones = np.bincount(owner, votes, bits)
    return (ones / np.bincount(owner, minlength=bits) >= 0.5).astype(np.uint8)


def _chance(agreeing: int, bits: int) -> float:
    """The probability that this many or more of `bits` coin tosses agree."""
    return sum(comb(bits, k) for k in range(agreeing, bits + 1)) / 2.0**bits
