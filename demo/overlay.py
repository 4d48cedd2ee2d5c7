"""The picture at screen size, and what is laid over it; all of the picture's aspect.

The viewer gets grey PNGs of mask and maps, which the browser colours and cuts at a threshold.
Whoever cannot draw, such as a report, gets coloured layers with alpha.
"""

from __future__ import annotations

import io

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from demo.orientation import upright

MAX_SIDE = 1600  # more than a laptop shows, a tenth of a 12-megapixel photo's bytes
MIN_LAYER_SIDE = 900  # layers of smaller pictures are enlarged, so that outlines stay thin
OUTLINE = 2  # pixels of a layer: seen on a phone, hides nothing
TINT_ALPHA = 150  # of 255: the picture stays readable under a fully opaque layer
TINT = (255, 0, 110)  # a pink that photographs and skin do not have, distinct to the colour-blind
HEAT_ALPHA = 110  # of 255, where the map is 0: darker than the picture, which stays readable
PNG_LEVEL = 1  # level 6 takes five times the time to save a tenth
JPEG_QUALITY = 92  # for pictures that were reduced: their pixels are no evidence any more

# outside, inside, outline, and a white rim round it that shows on pictures of any colour
_MARK = np.array(
    [(0, 0, 0, 0), (*TINT, TINT_ALPHA), (*TINT, 255), (255, 255, 255, 200)], dtype=np.uint8
)


def picture(image: NDArray[np.uint8], orientation: int = 1) -> tuple[bytes, str]:
    """Encode (H, W, 3) uint8 for the screen: upright, at most `MAX_SIDE` on its longer side.

    Returns:
        The file's bytes and its suffix: lossless PNG at stored size, JPEG where it was reduced.
    """
    height, width = image.shape[:2]
    size = _fitted(width, height, MAX_SIDE)
    if size == (width, height):
        return _png(upright(image, orientation)), ".png"
    # BOX first, then LANCZOS: the quality of LANCZOS alone at a third of its time
    small = Image.fromarray(image).resize(size, Image.Resampling.LANCZOS, reducing_gap=1.5)
    buffer = io.BytesIO()
    turned = np.ascontiguousarray(upright(np.asarray(small), orientation))
    Image.fromarray(turned).save(buffer, "JPEG", quality=JPEG_QUALITY, subsampling=0)
    return buffer.getvalue(), ".jpg"


def marked(mask: NDArray[np.bool_], orientation: int = 1) -> bytes:
    """A tint over the mask (H, W) with a white-edged outline, as a PNG with alpha."""
    inside = upright(_coverage(mask) > 0, orientation)
    layer = inside.astype(np.uint8)  # indices into _MARK
    layer[inside & ~_eroded(inside, OUTLINE)] = 2
    layer[~inside & ~_eroded(~inside, 1)] = 3
    return _png(layer, _MARK)


def mask_only(mask: NDArray[np.bool_], orientation: int = 1) -> bytes:
    """The mask (H, W) itself, white on black, as an 8-bit grey PNG of screen size."""
    return _png(upright(_coverage(mask), orientation))


def heat(manipulation: NDArray[np.float32], size: tuple[int, int], orientation: int = 1) -> bytes:
    """The detector's map (h, w), 0..1, in colour, the fainter the lower, as a PNG with alpha.

    Args:
        manipulation: the probability that a pixel was manipulated.
        size: the picture's stored (height, width).
        orientation: EXIF, 1..8.
    """
    shape = _layer_size(size[1], size[0])
    levels = np.rint(np.clip(manipulation, 0.0, 1.0) * 255).astype(np.uint8)
    enlarged = Image.fromarray(levels).resize(shape, Image.Resampling.BILINEAR)
    return _png(upright(np.asarray(enlarged), orientation), _ramp())


def _ramp() -> NDArray[np.uint8]:
    # matplotlib's inferno (CC0) at eight stops: even in lightness, so it reads in grey too
    stops = np.array(
        [
            (0, 0, 4),
            (40, 11, 84),
            (101, 21, 110),
            (159, 42, 99),
            (212, 72, 66),
            (245, 125, 21),
            (250, 193, 39),
            (252, 255, 164),
        ]
    )
    positions = np.linspace(0, 255, len(stops))
    channels = [np.interp(np.arange(256), positions, stops[:, c]) for c in range(3)]
    alpha = np.linspace(HEAT_ALPHA, 255, 256)
    ramp: NDArray[np.uint8] = np.rint(np.stack([*channels, alpha], axis=1)).astype(np.uint8)
    return ramp


def soft(manipulation: NDArray[np.float32], orientation: int = 1) -> bytes:
    """The detector's map (h, w), 0..1, as an 8-bit grey PNG of at most `MAX_SIDE`.

    The browser colours it, and cuts it at any threshold, without asking the server again.
    """
    image = Image.fromarray(_levels(manipulation))
    image = image.resize(_fitted(image.width, image.height, MAX_SIDE), Image.Resampling.BOX)
    return _png(upright(np.asarray(image), orientation))


def levels(score: NDArray[np.float32], orientation: int = 1) -> bytes:
    """Any map (h, w), 0..1, as an 8-bit grey PNG of its own size."""
    return _png(upright(_levels(score), orientation))


def _levels(values: NDArray[np.float32]) -> NDArray[np.uint8]:
    return np.rint(np.clip(values, 0.0, 1.0) * 255).astype(np.uint8)


def _coverage(mask: NDArray[np.bool_]) -> NDArray[np.uint8]:
    """The mask at layer size, 0..255; a single marked pixel of a large picture stays above 0."""
    height, width = mask.shape
    size = _layer_size(width, height)
    levels = Image.fromarray(mask.astype(np.uint8) * 255)
    if size[0] >= width and size[1] >= height:
        return np.asarray(levels.resize(size, Image.Resampling.NEAREST))
    covered = np.asarray(levels.resize(size, Image.Resampling.BOX))
    # one pixel in 256 or fewer rounds to 0: look again where a whole block is at stake
    if not covered.any() and mask.any():
        rows, columns = np.nonzero(mask)
        covered = covered.copy()
        covered[rows * size[1] // height, columns * size[0] // width] = 255
    return covered


def _layer_size(width: int, height: int) -> tuple[int, int]:
    longest = max(width, height)
    if longest >= MIN_LAYER_SIDE:
        return _fitted(width, height, MAX_SIDE)
    factor = -(-MIN_LAYER_SIDE // longest)
    return width * factor, height * factor


def _fitted(width: int, height: int, side: int) -> tuple[int, int]:
    scale = min(1.0, side / max(width, height))
    return max(1, round(width * scale)), max(1, round(height * scale))


def _eroded(area: NDArray[np.bool_], steps: int) -> NDArray[np.bool_]:
    """Shrink `area` by `steps` pixels; the picture's border does not count as an edge."""
    for _ in range(steps):
        padded = np.pad(area, 1, mode="edge")
        area = area & padded[:-2, 1:-1] & padded[2:, 1:-1] & padded[1:-1, :-2] & padded[1:-1, 2:]
    return area


def _png(pixels: NDArray[np.uint8], palette: NDArray[np.uint8] | None = None) -> bytes:
    """Encode pixels, or indices into an (n, 4) RGBA palette: a quarter of the bytes and time."""
    image, buffer = Image.fromarray(np.ascontiguousarray(pixels)), io.BytesIO()
    options = {}
    if palette is not None:
        image.putpalette(palette[:, :3].tobytes())
        options["transparency"] = palette[:, 3].tobytes()
    image.save(buffer, "PNG", compress_level=PNG_LEVEL, **options)
    return buffer.getvalue()
