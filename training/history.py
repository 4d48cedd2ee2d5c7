"""What happens to any picture on its way: recompression, resizing, filters, noise.

Every class goes through the same distributions, or the network would learn the history instead of
the manipulation. Pictures are (H, W, 3) uint8 RGB.
"""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

from training import encoders

Picture = NDArray[np.uint8]
COMMON_QUALITIES = (70, 75, 80, 85, 90, 92, 95)  # defaults of widespread software
INTERPOLATIONS = (cv2.INTER_AREA, cv2.INTER_LINEAR, cv2.INTER_CUBIC, cv2.INTER_LANCZOS4)
SAMPLINGS = {
    "4:2:0": cv2.IMWRITE_JPEG_SAMPLING_FACTOR_420,
    "4:4:4": cv2.IMWRITE_JPEG_SAMPLING_FACTOR_444,
    "4:2:2": cv2.IMWRITE_JPEG_SAMPLING_FACTOR_422,
}
TABLES_SHARE = 0.2  # of JPEG round trips: cameras' and editors'; of real files 24 %
LIBRARY_SHARE = 0.15  # other libraries than libjpeg-turbo, which most programs use


def jpeg(picture: Picture, rng: np.random.Generator, low: int = 60) -> Picture:
    """One JPEG round trip: quality `low`..99, three chroma modes, many tables and encoders."""
    quality = (
        int(rng.choice(COMMON_QUALITIES)) if rng.random() < 0.5 else int(rng.integers(low, 100))
    )
    quality = max(low, quality)
    sampling = str(rng.choice(list(SAMPLINGS), p=[0.6, 0.32, 0.08]))
    by = rng.random()
    if by < TABLES_SHARE:
        tables = encoders.published(low)
        return encoders.with_tables(picture, tables[int(rng.integers(len(tables)))], sampling)
    if by < TABLES_SHARE + LIBRARY_SHARE:
        library = str(rng.choice(encoders.LIBRARIES))
        return encoders.with_library(picture, library, quality, sampling)
    options = [cv2.IMWRITE_JPEG_QUALITY, quality]
    options += [cv2.IMWRITE_JPEG_SAMPLING_FACTOR, SAMPLINGS[sampling]]
    return _round_trip(".jpg", picture, options)


def webp(picture: Picture, rng: np.random.Generator) -> Picture:
    return _round_trip(".webp", picture, [cv2.IMWRITE_WEBP_QUALITY, int(rng.integers(60, 98))])


def resize(picture: Picture, scale: float, rng: np.random.Generator) -> Picture:
    """Scale both sides, with an interpolation that real programs use in that direction."""
    size = (max(1, round(picture.shape[1] * scale)), max(1, round(picture.shape[0] * scale)))
    return np.asarray(cv2.resize(picture, size, interpolation=interpolation(scale, rng)), np.uint8)


def interpolation(scale: float, rng: np.random.Generator) -> int:
    chances = [0.4, 0.25, 0.2, 0.15] if scale < 1 else [0.0, 0.4, 0.45, 0.15]
    return int(rng.choice(INTERPOLATIONS, p=chances))


def grain(picture: Picture, rng: np.random.Generator) -> Picture:
    """Sensor-like noise: variance rises with brightness, partly correlated between channels."""
    strength = float(np.exp(rng.uniform(np.log(0.8), np.log(6.0))))
    shape = picture.shape[:2]
    shared = rng.standard_normal((*shape, 1), dtype=np.float32)
    own = rng.standard_normal((*shape, 3), dtype=np.float32)
    level = np.sqrt(0.3 + picture.astype(np.float32) / 180.0)
    return to_bytes(picture + strength * level * (0.6 * shared + 0.6 * own))


def soften(picture: Picture, rng: np.random.Generator) -> Picture:
    return np.asarray(cv2.GaussianBlur(picture, (0, 0), float(rng.uniform(0.4, 1.3))), np.uint8)


def sharpen(picture: Picture, rng: np.random.Generator) -> Picture:
    """Unsharp mask, as cameras and editors apply it."""
    base = picture.astype(np.float32)
    blurred = cv2.GaussianBlur(base, (0, 0), float(rng.uniform(0.7, 2.0)))
    return to_bytes(base + float(rng.uniform(0.2, 1.0)) * (base - blurred))


def denoise(picture: Picture, rng: np.random.Generator) -> Picture:
    """Edge-preserving smoothing, as in phones."""
    sigma = float(rng.uniform(6, 28))
    return np.asarray(cv2.bilateralFilter(picture, 5, sigma, 3), np.uint8)


def tone(picture: Picture, rng: np.random.Generator) -> Picture:
    """Gamma, contrast, brightness and white balance of the whole picture."""
    levels = np.arange(256, dtype=np.float32) / 255
    curve = levels ** float(np.exp(rng.uniform(-0.35, 0.35)))
    curve = (curve - 0.5) * float(rng.uniform(0.8, 1.25)) + 0.5 + float(rng.uniform(-0.08, 0.08))
    gains = 1 + rng.uniform(-0.08, 0.08, 3)
    table = to_bytes(255 * curve[:, None] * gains)
    return np.stack([table[:, channel][picture[..., channel]] for channel in range(3)], -1)


def saturate(picture: Picture, rng: np.random.Generator) -> Picture:
    grey = picture.mean(2, keepdims=True, dtype=np.float32)
    return to_bytes(grey + (picture - grey) * float(rng.uniform(0.0, 1.6)))


FRESH_SHARE = 0.5  # come as the editor saved them, as first uploads and most test sets do
FRESH_JPEG_SHARE = 0.6  # of those; the rest was saved without loss
FRESH_QUALITY = 80  # the lowest: editors' defaults are 80 to 95
FILTERS: tuple[tuple[float, Callable[[Picture, np.random.Generator], Picture]], ...] = (
    (0.08, grain),
    (0.07, soften),
    (0.10, sharpen),
    (0.07, denoise),
    (0.14, tone),
    (0.05, saturate),
)


def before(picture: Picture, rng: np.random.Generator) -> Picture:
    """A past that base and donors have each on their own, before anything is manipulated."""
    if rng.random() < 0.12:
        picture = grain(picture, rng)
    if rng.random() < 0.45:
        picture = jpeg(picture, rng, low=65)
    return picture


def after(picture: Picture, rng: np.random.Generator) -> Picture:
    """What is done to the finished picture, resizing apart (`compose` does it with the mask)."""
    if rng.random() < FRESH_SHARE:
        return jpeg(picture, rng, FRESH_QUALITY) if rng.random() < FRESH_JPEG_SHARE else picture
    for chance, transform in FILTERS:
        if rng.random() < chance:
            picture = transform(picture, rng)
    draw = rng.random()
    if draw < 0.13:
        return jpeg(jpeg(picture, rng), rng)
    if draw < 0.72:
        return jpeg(picture, rng)
    return webp(picture, rng) if draw < 0.78 else picture


def to_bytes(values: NDArray[np.floating] | Picture) -> Picture:
    return np.asarray(np.clip(np.rint(values), 0, 255), np.uint8)


def _round_trip(extension: str, picture: Picture, options: list[int]) -> Picture:
    _, data = cv2.imencode(extension, np.ascontiguousarray(picture[..., ::-1]), options)
    decoded = np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR), np.uint8)
    return np.ascontiguousarray(decoded[..., ::-1])
