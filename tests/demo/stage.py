"""What the browser tests see of the viewer, and the pictures that they send."""

from __future__ import annotations

import io

import numpy as np
from PIL import ExifTags, Image

LAYER_OPACITY = "getComputedStyle(document.querySelector('.es-layer')).opacity"
SCROLLS_SIDEWAYS = "document.documentElement.scrollWidth > window.innerWidth"
BOX = "e => { const r = e.getBoundingClientRect(); return [r.x, r.y, r.width, r.height] }"
LAYERS = ("marked", "heat", "contour", "mask", "reliability")


def marked_share(page) -> float:
    return float(page.locator(".es-layer").get_attribute("data-share"))


def legend(page) -> str:
    return page.locator(".es-legend").inner_text()


def layer_at(page, x: float, y: float) -> list[int]:
    """The layer's colour and alpha at a place given in shares of its width and height."""
    return page.locator(".es-layer").evaluate(
        """(layer, [x, y]) => [...layer.getContext("2d").getImageData(
            Math.floor(x * layer.width), Math.floor(y * layer.height), 1, 1).data]""",
        [x, y],
    )


def transform(page) -> list[float]:
    return page.locator(".es-sheet").first.evaluate(
        "e => { const m = new DOMMatrix(getComputedStyle(e).transform); return [m.a, m.e, m.f] }"
    )


def scale(page) -> float:
    return transform(page)[0]


def offset(page) -> list[float]:
    return transform(page)[1:]


def centre(page) -> tuple[float, float]:
    x, y, width, height = page.locator(".es-stage").evaluate(BOX)
    return x + width / 2, y + height / 2


def picture(width=90, height=60, corner=(9, 9, 9), orientation=1, kind="PNG") -> bytes:
    pixels = np.random.default_rng(width).integers(0, 256, (height, width, 3), dtype=np.uint8)
    pixels[:8, :8] = corner
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, kind, exif=exif)
    return buffer.getvalue()


def blank(width: int, height: int) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (width, height)).save(buffer, "PNG")
    return buffer.getvalue()
