"""Surfaces of the procedural scenes: periodic tiles of reflectance, looked up in perspective.

A tile is linear, (side, side, 3) float32, 0..1, and continues on its other side.
"""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

Field = NDArray[np.float32]
SIDE = 256  # pixels of a tile: finer than the scenes ever show it
ROW = 1024  # look-ups are made in rows: OpenCV takes no side above 32767
WORDS = ("OPEN", "BAKERY", "EXIT 12", "PARKING", "CAFE", "MARKET", "HARBOUR", "No. 47", "LIBRARY")


class Texture:
    """A tile with its halvings, so that far surfaces do not alias."""

    def __init__(self, tile: Field) -> None:
        self._levels = [np.ascontiguousarray(tile, np.float32)]
        while self._levels[-1].shape[0] > 2:
            side = self._levels[-1].shape[0] // 2
            half = cv2.resize(self._levels[-1], (side, side), interpolation=cv2.INTER_AREA)
            self._levels.append(np.asarray(half, np.float32))

    def look_up(self, u: Field, v: Field, footprint: Field) -> Field:
        """Colours (3, N) at tile coordinates `u`, `v` (N,); a pixel covers `footprint` tiles."""
        wanted = np.log2(np.maximum(footprint * self._levels[0].shape[0], 1.0))
        level = np.minimum(np.rint(wanted), len(self._levels) - 1).astype(np.int8)
        found = np.empty((3, u.size), np.float32)
        for number in np.unique(level):
            here = np.flatnonzero(level == number)
            found[:, here] = _bilinear(self._levels[number], u[here], v[here])
        return found


def _bilinear(tile: Field, u: Field, v: Field) -> Field:
    side = tile.shape[0]
    count = u.size
    padded = -count % ROW
    x, y = (np.pad((w % 1.0) * side - 0.5, (0, padded)).reshape(-1, ROW) for w in (u, v))
    values = cv2.remap(
        tile,
        x.astype(np.float32),
        y.astype(np.float32),
        cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_WRAP,
    )
    return np.asarray(values.reshape(-1, 3)[:count].T, np.float32)


def fractal(
    rng: np.random.Generator, slope: float, stretch: float = 1.0, side: int = SIDE
) -> Field:
    """Periodic noise (side, side) whose amplitude falls as frequency**-slope; mean 0, spread 1.

    `stretch` above 1 draws it out along the rows.
    """
    rows, columns = np.fft.fftfreq(side)[:, None], np.fft.rfftfreq(side)[None]
    frequency = np.hypot(rows, columns * stretch)
    frequency[0, 0] = np.inf
    phases = np.exp(2j * np.pi * rng.random(frequency.shape))
    noise = np.fft.irfft2(phases * frequency**-slope, s=(side, side))
    return np.asarray(noise / noise.std(), np.float32)


def grass(rng: np.random.Generator) -> Field:
    blades = fractal(rng, 0.7, 0.4)
    patches = fractal(rng, 1.8)
    tone = np.clip(0.5 + 0.22 * blades + 0.16 * patches, 0, 1)
    dry = np.clip(0.3 + 0.25 * fractal(rng, 1.6), 0, 1)[..., None]
    green = _mix((0.012, 0.045, 0.006), (0.16, 0.26, 0.05), tone)
    straw = _mix((0.05, 0.05, 0.012), (0.32, 0.28, 0.11), tone)
    return np.asarray(green * (1 - dry) + straw * dry, np.float32)


def sand(rng: np.random.Generator) -> Field:
    tone = 0.5 + 0.10 * fractal(rng, 0.3) + 0.16 * fractal(rng, 1.7, 2.5)
    return _mix((0.24, 0.17, 0.10), (0.62, 0.49, 0.33), np.clip(tone, 0, 1))


def asphalt(rng: np.random.Generator) -> Field:
    stones = fractal(rng, 0.15)
    tone = 0.4 + 0.13 * stones + 0.12 * fractal(rng, 1.8) + 0.3 * (stones > 2.2)
    return _mix((0.03, 0.03, 0.035), (0.20, 0.195, 0.19), np.clip(tone, 0, 1))


def plaster(rng: np.random.Generator) -> Field:
    colour = np.array([0.62, 0.58, 0.52]) * rng.uniform(0.75, 1.2, 3)
    relief = 1 + 0.025 * fractal(rng, 0.6) + 0.05 * fractal(rng, 2.0)
    return _tinted(colour, relief)


def wood(rng: np.random.Generator) -> Field:
    planks = int(rng.integers(3, 7))
    rows = np.arange(SIDE) * planks / SIDE
    tone = rng.uniform(0.75, 1.2, planks)[rows.astype(int)][:, None]
    grain = 0.5 + 0.14 * fractal(rng, 1.2, 14.0) + 0.10 * fractal(rng, 0.5, 30.0)
    tile = _mix((0.10, 0.045, 0.018), (0.42, 0.25, 0.12), np.clip(grain, 0, 1)) * tone[..., None]
    gap = np.minimum(rows % 1, 1 - rows % 1) < 0.015
    tile[gap] *= 0.25
    return np.asarray(tile, np.float32)


def brick(rng: np.random.Generator) -> Field:
    courses, across = 8, 4
    y, x = np.mgrid[0:SIDE, 0:SIDE].astype(np.float32) / SIDE
    row = (y * courses).astype(int)
    along = (x * across + 0.5 * (row % 2)) % across
    number = row * across + along.astype(int)
    tone = rng.uniform(0.65, 1.25, courses * across)[number]
    hue = rng.uniform(0.85, 1.15, (courses * across, 3))[number]
    clay = np.array([0.34, 0.12, 0.07]) * rng.uniform(0.8, 1.25)
    rough = 1 + 0.12 * fractal(rng, 0.9) + 0.05 * fractal(rng, 0.2)
    tile = clay * hue * (tone * rough)[..., None]
    down, side = (y * courses) % 1, along % 1
    mortar = (down < 0.13) | (side < 0.06)
    tile[mortar] = (np.array([0.38, 0.36, 0.33]) * rough[mortar][:, None]).clip(0, 1)
    return np.asarray(tile, np.float32)


def tiles(rng: np.random.Generator) -> Field:
    y, x = np.mgrid[0:SIDE, 0:SIDE].astype(np.float32) * 4 / SIDE
    odd = (y.astype(int) + x.astype(int)) % 2
    colours = rng.uniform(0.12, 0.65, (2, 1)) * rng.uniform(0.85, 1.1, (2, 3))
    vein = 1 + 0.09 * fractal(rng, 1.7)
    tile = colours[odd] * vein[..., None]
    tile[(y % 1 < 0.03) | (x % 1 < 0.03)] = 0.16
    return np.asarray(tile, np.float32)


def fabric(rng: np.random.Generator) -> Field:
    y, x = np.mgrid[0:SIDE, 0:SIDE].astype(np.float32) * 2 * np.pi / SIDE
    weave = 1 + 0.14 * np.sin(64 * x) * np.sin(64 * y) + 0.05 * fractal(rng, 0.4)
    colours = rng.uniform(0.08, 0.7, (2, 3))
    stripe = (np.sin(int(rng.integers(3, 7)) * x) > rng.uniform(-0.3, 0.6)).astype(int)
    return _tinted(colours[stripe], weave)


def facade(rng: np.random.Generator) -> Field:
    """A storey of four windows by four storeys."""
    wall = plaster(rng) if rng.random() < 0.6 else brick(rng)
    y, x = np.mgrid[0:SIDE, 0:SIDE].astype(np.float32) * 4 / SIDE
    number = y.astype(int) * 4 + x.astype(int)
    inner = (np.abs(y % 1 - 0.5) < 0.30) & (np.abs(x % 1 - 0.5) < 0.20)
    frame = (np.abs(y % 1 - 0.5) < 0.34) & (np.abs(x % 1 - 0.5) < 0.24) & ~inner
    frame |= inner & (np.abs(x % 1 - 0.5) < 0.014)
    glass = rng.uniform(0.02, 0.14, (16, 1)) * np.array([0.8, 0.95, 1.1])
    wall[inner] = glass[number[inner]] * (1.4 - (y[inner] % 1))[:, None]
    wall[frame] = rng.uniform(0.3, 0.75)
    return wall


def skin(rng: np.random.Generator) -> Field:
    """Of a fruit or a ball: a colour that varies, with specks."""
    colours = rng.uniform(0.03, 0.75, (2, 3)) * np.array([1.0, 0.75, 0.5])[rng.permutation(3)]
    tone = np.clip(0.5 + 0.2 * fractal(rng, 1.9), 0, 1)
    tile = _mix(tuple(colours[0]), tuple(0.6 * colours[0] + 0.4 * colours[1]), tone)
    specks = fractal(rng, 0.4) > 2.6
    tile[specks] = np.clip(tile[specks] * 1.6, 0, 1)
    return tile


def glaze(rng: np.random.Generator) -> Field:
    """Painted ceramic: one colour, or bands of two."""
    colours = rng.uniform(0.05, 0.8, (2, 3))
    rows = np.arange(SIDE)[:, None] / SIDE
    bands = (np.sin(2 * np.pi * int(rng.integers(2, 6)) * rows) > 0.5) & (rng.random() < 0.5)
    relief = 1 + 0.015 * fractal(rng, 1.5)
    return _tinted(colours[np.broadcast_to(bands, (SIDE, SIDE)).astype(int)], relief)


def sign(rng: np.random.Generator) -> Field:
    """A painted board with a word."""
    dark, light = rng.uniform(0.01, 0.2, 3), rng.uniform(0.5, 0.9, 3)
    board, ink = (dark, light) if rng.random() < 0.5 else (light, dark)
    image = Image.new("L", (SIDE * 2, SIDE * 2))
    draw = ImageDraw.Draw(image)
    word = WORDS[int(rng.integers(len(WORDS)))]
    font = ImageFont.load_default(size=SIDE * 2.4 / max(4, len(word)))
    draw.rectangle((10, 10, SIDE * 2 - 11, SIDE * 2 - 11), outline=255, width=8)
    draw.text((SIDE, SIDE * 0.8), word, fill=255, font=font, anchor="mm")
    draw.line((SIDE * 0.5, SIDE * 1.25, SIDE * 1.5, SIDE * 1.25), fill=255, width=10)
    small = ImageFont.load_default(size=SIDE / 5)
    draw.text((SIDE, SIDE * 1.5), f"{rng.integers(100, 999)} m", fill=255, font=small, anchor="mm")
    paint = np.asarray(image.resize((SIDE, SIDE), Image.Resampling.BOX), np.float32)
    paint = np.asarray(paint / 255, np.float32)
    grain = (1 + 0.02 * fractal(rng, 1.0))[..., None]
    return np.asarray(_mix(tuple(board), tuple(ink), paint) * grain, np.float32)


GROUNDS: dict[str, Callable[[np.random.Generator], Field]] = {
    "grass": grass,
    "sand": sand,
    "asphalt": asphalt,
}


def _mix(low: tuple[float, ...], high: tuple[float, ...], share: Field) -> Field:
    bottom, top = np.array(low, np.float32), np.array(high, np.float32)
    return np.asarray(bottom + (top - bottom) * share[..., None], np.float32)


def _tinted(colour: NDArray[np.float64], relief: Field) -> Field:
    return np.clip(colour * relief[..., None], 0, 1).astype(np.float32)
