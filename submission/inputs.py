"""Pictures that have brought services down: rare modes, sizes, markers; and our own examples."""

from __future__ import annotations

import io
import json
import struct
import zlib
from base64 import b64decode
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

SIDE = 384  # pixels: large enough for every tile and block of a detector to occur
FAST = Image.Quantize.FASTOCTREE  # a tenth of the default's time; the colours do not matter here
Pixels = NDArray[np.uint8]


@dataclass(frozen=True)
class Picture:
    """An image file, the media type that is declared for it, and the size that its mask must have.

    Attributes:
        size: width, height as stored; an EXIF orientation is not applied.
        usual: like the pictures that an evaluation is made of, so that its time counts.
    """

    name: str
    data: bytes
    media_type: str
    size: tuple[int, int]
    usual: bool = False


def examples(root: Path) -> list[Picture]:
    """The pictures of `demo/examples/` and of the request `cat.json`."""
    found = []
    for path in sorted((root / "demo" / "examples").glob("*.*")):
        kind = {".jpg": "image/jpeg", ".png": "image/png"}.get(path.suffix)
        if kind:
            found.append(picture(path.name, path.read_bytes(), kind, usual=True))
    cat = root / "cat.json"
    if cat.exists():
        image = json.loads(cat.read_bytes())["image"]
        found.append(picture("cat.json", b64decode(image["data"]), image["mediaType"], usual=True))
    return found


def picture(name: str, data: bytes, kind: str, usual: bool = False) -> Picture:
    with Image.open(io.BytesIO(data)) as image:
        return Picture(name, data, kind, image.size, usual)


def hard(megapixels: float) -> list[Picture]:
    """The hard ones; the largest has about so many million pixels."""
    photo = scene(SIDE, SIDE * 4 // 3)
    pictures = [picture(name, write(), "image/jpeg") for name, write in jpegs(photo).items()]
    pictures += [picture(name, write(), "image/png") for name, write in pngs(photo).items()]
    pictures.append(picture("PNG, declared as JPEG", encode(photo), "image/jpeg"))
    pictures += [picture(name, encode(scene(*size)), "image/png") for name, size in sizes().items()]
    height = max(8, round((megapixels * 1e6 * 3 / 4) ** 0.5))
    large = scene(height, height * 4 // 3)
    pictures.append(
        picture(
            f"JPEG of {megapixels:g} megapixels", encode(large, "JPEG", quality=90), "image/jpeg"
        )
    )
    return pictures


def scene(height: int, width: int) -> Pixels:
    """Smooth colours, a disc and noise: something to look at in any size."""
    rng = np.random.default_rng(height * 10007 + width)
    rows = np.arange(height)[:, None] / 41
    columns = np.arange(width)[None] / 57
    waves = [np.sin(rows * (1 + c / 3) + columns * (1 - c / 4)) for c in range(3)]
    base = 128 + 70 * np.stack(waves, -1)
    base[(rows - rows.mean()) ** 2 + (columns - columns.mean()) ** 2 < 4] += 60
    grain = rng.integers(-8, 9, (height, width, 1))
    return np.clip(base + grain, 0, 255).astype(np.uint8)


def encode(pixels: Pixels | Image.Image, kind: str = "PNG", **options: Any) -> bytes:
    image = pixels if isinstance(pixels, Image.Image) else Image.fromarray(pixels)
    buffer = io.BytesIO()
    quick = {"compress_level": 1} if kind == "PNG" else {}
    image.save(buffer, kind, **quick, **options)
    return buffer.getvalue()


def turned() -> Image.Exif:
    """Orientation 6: a viewer turns the picture, the mask must not be turned."""
    exif = Image.Exif()
    exif[0x0112] = 6
    return exif


def jpegs(photo: Pixels) -> dict[str, Callable[[], bytes]]:
    image = Image.fromarray(photo)

    def jpeg(source: Image.Image = image, **options: Any) -> Callable[[], bytes]:
        return lambda: encode(source, "JPEG", **options)

    def with_tail() -> bytes:
        return encode(image, "JPEG") + b"\0" * 1000

    def comments() -> bytes:
        data = encode(image, "JPEG")
        return data[:2] + (b"\xff\xfe" + struct.pack(">H", 65535) + b"x" * 65533) * 3 + data[2:]

    return {
        "JPEG, grey": jpeg(image.convert("L")),
        "JPEG, CMYK": jpeg(image.convert("CMYK")),
        "JPEG, progressive": jpeg(progressive=True),
        "JPEG, quality 100, 4:4:4": jpeg(quality=100, subsampling=0),
        "JPEG, quality 1": jpeg(quality=1),
        "JPEG, RGB without YCbCr": jpeg(keep_rgb=True),
        "JPEG, restart markers": jpeg(restart_marker_blocks=3),
        "JPEG, turned by EXIF": jpeg(exif=turned()),
        "JPEG, broken colour profile": jpeg(icc_profile=b"no profile" * 50),
        "JPEG, bytes after its end": with_tail,
        "JPEG, three full comments": comments,
        "JPEG, blurred": jpeg(image.filter(ImageFilter.GaussianBlur(9))),
    }


def pngs(photo: Pixels) -> dict[str, Callable[[], bytes]]:
    image = Image.fromarray(photo)
    grey = image.convert("L")
    alpha = np.dstack([photo, np.asarray(grey)])
    wide = np.asarray(grey).astype(np.uint16) * 257
    height, width = photo.shape[:2]

    def png(source: Pixels | Image.Image, **options: Any) -> Callable[[], bytes]:
        return lambda: encode(source, "PNG", **options)

    return {
        "PNG, grey": png(grey),
        "PNG, grey and alpha": png(grey.convert("LA")),
        "PNG, RGB and alpha": png(alpha),
        "PNG, wholly transparent": png(np.dstack([photo, np.zeros_like(photo[..., 0])])),
        "PNG, palette": png(image.quantize(64, FAST)),
        "PNG, palette with a clear colour": png(image.quantize(16, FAST), transparency=3),
        "PNG, 1 bit": png(grey.convert("1")),
        "PNG, 16 bits grey": png(Image.fromarray(wide)),
        "PNG, 16 bits RGB": lambda: deep_png(photo),
        "PNG, turned by EXIF": png(image, exif=turned()),
        "PNG, animated": png(image, save_all=True, append_images=[grey.convert("RGB")]),
        "PNG, black": png(np.zeros((height, width, 3), np.uint8)),
        "PNG, white": png(np.full((height, width, 3), 255, np.uint8)),
        "PNG, noise": png(np.random.default_rng(1).integers(0, 256, photo.shape, np.uint8)),
    }


def deep_png(photo: Pixels) -> bytes:
    """16 bits a sample in colour, which Pillow cannot write."""
    height, width = photo.shape[:2]
    samples = (photo.astype(">u2") * 257).astype(">u2")
    rows = b"".join(b"\0" + row.tobytes() for row in samples)

    def chunk(kind: bytes, body: bytes) -> bytes:
        return (
            struct.pack(">I4s", len(body), kind) + body + struct.pack(">I", zlib.crc32(kind + body))
        )

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 16, 2, 0, 0, 0))
    pixels = chunk(b"IDAT", zlib.compress(rows, 1))
    return b"\x89PNG\r\n\x1a\n" + header + pixels + chunk(b"IEND", b"")


def sizes() -> dict[str, tuple[int, int]]:
    """Height and width of odd shapes."""
    return {
        "1 x 1": (1, 1),
        "3 x 2": (2, 3),
        "1 x 1500": (1500, 1),
        "3000 x 4": (4, 3000),
        "31 x 33": (33, 31),
        "2000 x 150": (150, 2000),
        "513 x 511": (511, 513),
    }
