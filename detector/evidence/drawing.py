"""Colour maps, legends and charts by Pillow and OpenCV: dark on white, for page and PDF."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

Colour = tuple[int, int, int]

INK: Colour = (30, 41, 54)
MUTED: Colour = (96, 110, 122)
GRID: Colour = (222, 227, 232)
BLUE: Colour = (29, 92, 134)
PINK: Colour = (214, 0, 92)  # told from BLUE and GREEN by the colour-blind, too
GREEN: Colour = (0, 158, 115)
GREY: Colour = (150, 160, 170)
PAPER: Colour = (255, 255, 255)

WIDTH, HEIGHT = 960, 360  # pixels of a chart: read on a phone, sharp in a column
FONT = 19  # pixels; a third of it is left when a phone shows the chart
LEFT, RIGHT, TOP, BOTTOM = 66, 18, 36, 58  # margins round the plotting area
BAR = 18  # pixels of height of a legend's colours


def coloured(
    values: NDArray[np.floating], low: float, high: float, colours: int = cv2.COLORMAP_INFERNO
) -> NDArray[np.uint8]:
    """Paint (h, w) values by an OpenCV colour map: `low` and below first, `high` and above last."""
    scale = 255 / (high - low) if high > low else 0.0
    levels = np.clip((values - low) * scale, 0, 255).astype(np.uint8)
    return np.asarray(cv2.applyColorMap(levels, colours)[..., ::-1], np.uint8)


def legend(
    low: float, high: float, words: str, colours: int = cv2.COLORMAP_INFERNO
) -> NDArray[np.uint8]:
    """The colours of `coloured` with their numbers, and what they mean."""
    canvas, draw, font = _sheet(WIDTH, 78)
    ramp = coloured(np.linspace(low, high, WIDTH - 2 * RIGHT)[None], low, high, colours)
    bar = Image.fromarray(np.repeat(ramp, BAR, axis=0))
    canvas.paste(bar, (RIGHT, 12))
    for x, value, anchor in ((RIGHT, low, "la"), (WIDTH - RIGHT, high, "ra")):
        draw.text((x, 40), f"{value:.3g}", MUTED, font, anchor)
    draw.text((WIDTH // 2, 40), words, INK, font, "ma")
    return np.asarray(canvas)


class Chart:
    """One pair of axes; `x` and `y` are ranges of values, `across` and `up` name them."""

    def __init__(
        self, x: tuple[float, float], y: tuple[float, float], across: str, up: str = ""
    ) -> None:
        self._canvas, self._draw, self._font = _sheet(WIDTH, HEIGHT)
        self._x, self._y = _opened(x), _opened(y)
        for value in _ticks(*self._x):
            column, _ = self._at(value, 0)
            self._draw.line((column, TOP, column, HEIGHT - BOTTOM), GRID)
            self._text(column, HEIGHT - BOTTOM + 5, f"{value:g}", MUTED, "ma")
        for value in _ticks(*self._y, 4):
            _, row = self._at(0, value)
            self._draw.line((LEFT, row, WIDTH - RIGHT, row), GRID)
            self._text(LEFT - 8, row, f"{value:g}", MUTED, "rm")
        self._text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 5, across, INK, "md")
        if up:
            self._text(LEFT, 8, up, INK, "la")

    def bars(self, xs: Sequence[float], ys: Sequence[float], colour: Colour = BLUE) -> None:
        """Bars from the lower edge, as wide as the values in `xs` are apart."""
        half = abs(self._at(xs[1], 0)[0] - self._at(xs[0], 0)[0]) / 2 if len(xs) > 1 else 3.0
        for value, height in zip(xs, ys, strict=True):
            column, row = self._at(value, height)
            if row < HEIGHT - BOTTOM:
                corners = (column - half * 0.85, row, column + half * 0.85, HEIGHT - BOTTOM)
                self._draw.rectangle(corners, colour)

    def line(
        self, xs: Sequence[float], ys: Sequence[float], colour: Colour = BLUE, width: int = 2
    ) -> None:
        """A line through the points."""
        points = [self._at(x, y) for x, y in zip(xs, ys, strict=True)]
        self._draw.line(points, colour, width, joint="curve")

    def mark(self, x: float, y: float, words: str, colour: Colour = PINK) -> None:
        """A dot at a point, and words beside it, on the side that has room."""
        column, row = self._at(x, y)
        self._draw.ellipse((column - 5, row - 5, column + 5, row + 5), colour)
        right = column > WIDTH * 0.7
        anchor, shift = ("rm", -10) if right else ("lm", 10)
        self._text(column + shift, max(row, TOP + FONT), words, colour, anchor)

    def key(self, *entries: tuple[str, Colour]) -> None:
        """Name the colours, above the axes, on the right."""
        right = float(WIDTH - RIGHT)
        for words, colour in reversed(entries):
            self._text(right, 18, words, INK, "rm")
            right -= self._draw.textlength(words, self._font) + 20
            self._draw.rectangle((right, 11, right + 13, 24), colour)
            right -= 16

    def drawn(self) -> NDArray[np.uint8]:
        """(360, 960, 3) uint8."""
        return np.asarray(self._canvas)

    def _at(self, x: float, y: float) -> tuple[float, float]:
        (low_x, high_x), (low_y, high_y) = self._x, self._y
        across = min(1.0, max(0.0, (x - low_x) / (high_x - low_x)))
        up = min(1.0, max(0.0, (y - low_y) / (high_y - low_y)))
        width, height = WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM
        return LEFT + across * width, HEIGHT - BOTTOM - up * height

    def _text(self, x: float, y: float, words: str, colour: Colour, anchor: str) -> None:
        self._draw.text((x, y), words, colour, self._font, anchor)


def stacked(*charts: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Charts of one width above each other."""
    return np.concatenate(charts)


def table(cells: NDArray[np.integer], title: str) -> NDArray[np.uint8]:
    """An (8, 8) table of numbers, shaded by size: (h, 472, 3)."""
    side, top = 58, 34
    canvas, draw, font = _sheet(8 * side + 8, 8 * side + top + 8)
    draw.text((4, 6), title, INK, font)
    shades = np.log1p(cells) / np.log1p(max(255, int(cells.max())))
    for row in range(8):
        for column in range(8):
            shade = 255 - round(150 * float(shades[row, column]))
            left, upper = 4 + column * side, top + row * side
            box = (left, upper, left + side - 2, upper + side - 2)
            draw.rectangle(box, (shade, min(255, shade + 12), min(255, shade + 22)))
            middle = (left + side / 2, upper + side / 2)
            draw.text(middle, str(cells[row, column]), INK, font, "mm")
    return np.asarray(canvas)


def labelled(rows: Sequence[str], width: int, height: int) -> NDArray[np.uint8]:
    """Lines of text on white, (height, width, 3), to stand beside a drawing."""
    canvas, draw, font = _sheet(width, height)
    for number, words in enumerate(rows):
        draw.text((RIGHT, TOP + number * (FONT + 9)), words, INK, font)
    return np.asarray(canvas)


def _sheet(
    width: int, height: int
) -> tuple[Image.Image, ImageDraw.ImageDraw, ImageFont.FreeTypeFont | ImageFont.ImageFont]:
    canvas = Image.new("RGB", (width, height), PAPER)
    return canvas, ImageDraw.Draw(canvas), ImageFont.load_default(FONT)


def _opened(bounds: tuple[float, float]) -> tuple[float, float]:
    low, high = bounds
    return (low, high) if high > low else (low, low + 1.0)


def _ticks(low: float, high: float, about: int = 8) -> list[float]:
    """Round numbers from `low` to `high`."""
    raw = (high - low) / about
    power = 10.0 ** np.floor(np.log10(raw))
    step = next(power * factor for factor in (1, 2, 5, 10) if power * factor >= raw * 0.999)
    first = np.ceil(low / step - 1e-9)
    count = int(np.floor(high / step + 1e-9) - first) + 1
    return [float(round((first + i) * step, 10)) for i in range(count)]
