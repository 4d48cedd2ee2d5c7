"""Make the page's example pictures, `demo/examples/`, and its icon. Seeded; run once, committed.

    pip install scikit-image && python scripts/make_examples.py

The photographs come with scikit-image: chelsea (Stefan van der Walt) and coffee (Rachel Michetti)
are CC0, rocket (SpaceX) is in the public domain, brick is CC0. What was done to them is what
`examples.json` says, no more: no generative model was run, so the two "synthesized" pictures stand
for their class by the nearest means that need none.
"""

from __future__ import annotations

import csv
import json
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter
from skimage import data

FOLDER = Path(__file__).parent.parent / "demo" / "examples"
ICON = Path(__file__).parent.parent / "demo" / "assets" / "favicon.png"
QUALITY = 85  # every picture ends as the same kind of JPEG, so that only its content tells
SEED = 20251123
Rgb = NDArray[np.float64]
Shapes = list[tuple[str, tuple[int, int, int, int]]]  # names of `ImageDraw`, and boxes in pixels
SHIFT = -92  # pixels from the rocket to its copy
SHAPES: dict[str, Shapes] = {  # what was altered: saucer and cup, the copied strip, the cheek
    "cup-on-bricks": [("ellipse", (80, 78, 478, 383)), ("ellipse", (172, 14, 412, 225))],
    "two-rockets": [("rectangle", (296 + SHIFT, 110, 346 + SHIFT, 402))],
    "cat-redrawn": [("ellipse", (78, 150, 190, 252))],
}


@dataclass(frozen=True)
class Entry:
    """One line of `examples.json`; `label` is the challenge's, `made` a few words."""

    file: str
    label: str
    title: str
    made: str


def main() -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(SEED)
    pictures = [
        (
            photograph("coffee"),
            Entry("coffee.jpg", "Natural", "Espresso", "Photo, unaltered"),
        ),
        (
            photograph("chelsea"),
            Entry("cat.jpg", "Natural", "Cat", "Photo, unaltered"),
        ),
        (
            cup_on_bricks(rng),
            Entry(
                "cup-on-bricks.jpg",
                "LocallyEdited",
                "Cup on bricks",
                "Pasted in from another photo",
            ),
        ),
        (
            two_rockets(),
            Entry(
                "two-rockets.jpg",
                "LocallyEdited",
                "Two rockets",
                "Copied within the photo",
            ),
        ),
        (
            redrawn_cheek(rng),
            Entry(
                "cat-redrawn.jpg",
                "LocallySynthesized",
                "Cat's cheek",
                "Regrown by texture synthesis",
            ),
        ),
        (
            hills(rng),
            Entry(
                "hills.jpg",
                "FullySynthesized",
                "Hills",
                "Computed from noise, no photo",
            ),
        ),
    ]
    for pixels, entry in pictures:
        save(pixels, FOLDER / entry.file)
    write_manifest([entry for _, entry in pictures])
    listing = json.dumps([asdict(entry) for _, entry in pictures], indent=2)
    (FOLDER / "examples.json").write_text(f"{listing}\n", "utf-8")
    icon().save(ICON, optimize=True)


def write_manifest(entries: list[Entry]) -> None:
    """`manifest.csv` and the exact masks, for `training.evaluate`."""
    masks = FOLDER / "masks"
    masks.mkdir(exist_ok=True)
    with (FOLDER / "manifest.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["path", "label", "mask_path", "set"])
        for entry in entries:
            stem = Path(entry.file).stem
            mask = ""
            if stem in SHAPES:
                with Image.open(FOLDER / entry.file) as picture:
                    inside = drawn_mask(picture.size, SHAPES[stem]) > 0.5
                Image.fromarray(inside).save(masks / f"{stem}.png", optimize=True)
                mask = f"masks/{stem}.png"
            writer.writerow([entry.file, entry.label, mask, entry.title])


def cup_on_bricks(rng: np.random.Generator) -> Rgb:
    """Splice: the cup of `coffee` on the wall of `brick`, which is grey and is tinted."""
    coffee = photograph("coffee")
    brick = np.asarray(to_image(photograph("brick")).resize((600, 600)))[100:500] / 255.0
    wall = brick * np.array([1.02, 0.86, 0.74]) + rng.normal(0.0, 0.008, brick.shape)
    return blend(wall, coffee, drawn_mask((600, 400), SHAPES["cup-on-bricks"]), feather=1.2)


def two_rockets() -> Rgb:
    """Copy-move inside `rocket`: a strip with the rocket, repeated to its left."""
    launch = photograph("rocket")
    shape = drawn_mask((launch.shape[1], launch.shape[0]), SHAPES["two-rockets"])
    return blend(launch, np.roll(launch, SHIFT, axis=1), shape, feather=3.0)


def redrawn_cheek(rng: np.random.Generator) -> Rgb:
    """Grow the cheek of `chelsea` anew, pixel by pixel from the rim, by matching neighbourhoods."""
    cat = photograph("chelsea")
    shape = drawn_mask((cat.shape[1], cat.shape[0]), SHAPES["cat-redrawn"])
    return grow(cat, shape > 0.5, rng)


def grow(pixels: Rgb, hole: NDArray[np.bool_], rng: np.random.Generator, patch: int = 9) -> Rgb:
    """Fill `hole` by patch-based texture synthesis (Criminisi et al. 2004, without priorities)."""
    half = patch // 2
    canvas: Rgb = pixels.copy()
    missing = hole.copy()
    rows, columns = np.nonzero(hole)
    top, bottom = max(half, rows.min() - 45), min(len(canvas) - half, rows.max() + 45)
    left = max(half, columns.min() - 45)
    right = min(canvas.shape[1] - half, columns.max() + 45)
    centres = [
        (y, x)
        for y in range(top, bottom, 2)
        for x in range(left, right, 2)
        if not hole[y - half : y + half + 1, x - half : x + half + 1].any()
    ]
    library = np.stack(
        [pixels[y - half : y + half + 1, x - half : x + half + 1] for y, x in centres]
    )
    while missing.any():
        known = Image.fromarray((~missing).astype(np.uint8) * 255)
        filled = np.asarray(known.filter(ImageFilter.BoxBlur(half)), dtype=float)
        y, x = np.unravel_index(np.argmax(np.where(missing, filled, -1.0)), missing.shape)
        window = np.s_[y - half : y + half + 1, x - half : x + half + 1]
        weight = (~missing[window])[..., None].astype(float)
        distance = (((library - canvas[window]) ** 2) * weight).sum(axis=(1, 2, 3))
        best = np.argsort(distance)[:4]
        choice = library[rng.choice(best)]
        canvas[window] = np.where(missing[window][..., None], choice, canvas[window])
        missing[window] = False
    return canvas


def hills(rng: np.random.Generator) -> Rgb:
    """Ridges of fractal noise, each paler than the one before it, under a clouded evening sky."""
    height, width = 400, 600
    y = np.linspace(0.0, 1.0, height)[:, None, None]
    sky = (1 - y) * np.array([0.33, 0.47, 0.67]) + y * np.array([0.99, 0.80, 0.60])
    clouds = np.clip(fractal((height, width), rng, 2.2, stretch=3.0) * 2.2 - 0.1, 0, 1)[..., None]
    canvas = sky + clouds * (np.array([1.0, 0.93, 0.86]) - sky) * 0.75 * (1 - y)
    haze = np.array([0.93, 0.80, 0.70])
    ground = np.array([0.16, 0.25, 0.17])
    layers = 6
    for layer in range(layers):
        depth = 1 - layer / (layers - 1)
        crest = 0.42 + 0.12 * layer + (0.16 - 0.012 * layer) * ridge(width, rng)
        inside = (np.linspace(0, 1, height)[:, None] > crest[None, :])[..., None]
        grain = fractal((height, width), rng, 1.3)[..., None] * 0.22 * (1 - 0.8 * depth)
        below = np.clip((np.linspace(0, 1, height)[:, None] - crest[None, :]) * 3, 0, 1)[..., None]
        shade = ground * (1.15 + grain * 3) * (1 - 0.25 * below)
        tone = shade + (haze - shade) * (0.86 * depth + 0.22 * below * depth)
        canvas = np.where(inside, tone, canvas)
    canvas = canvas + rng.normal(0, 0.006, canvas.shape)
    soft = np.asarray(to_image(canvas).filter(ImageFilter.GaussianBlur(0.6)))
    return as_float(soft)


def fractal(
    shape: tuple[int, int], rng: np.random.Generator, slope: float, stretch: float = 1.0
) -> NDArray[np.float64]:
    """Noise whose amplitude falls with frequency**-slope; zero mean, about -1..1."""
    rows, columns = np.fft.fftfreq(shape[0])[:, None], np.fft.rfftfreq(shape[1])[None, :]
    frequency = np.hypot(rows, columns * stretch)
    frequency[0, 0] = np.inf
    phases = np.exp(2j * np.pi * rng.random(frequency.shape))
    noise = np.fft.irfft2(phases * frequency**-slope, s=shape)
    scaled: NDArray[np.float64] = noise / (3 * noise.std())
    return scaled


def ridge(width: int, rng: np.random.Generator) -> NDArray[np.float64]:
    line: NDArray[np.float64] = fractal((4, width * 2), rng, 1.35)[0, :width]
    return line


def drawn_mask(size: tuple[int, int], shapes: Shapes) -> NDArray[np.float64]:
    image = Image.new("L", size)
    draw = ImageDraw.Draw(image)
    for kind, box in shapes:
        getattr(draw, kind)(box, fill=255)
    return np.asarray(image) / 255.0


def blend(under: Rgb, over: Rgb, shape: NDArray[np.float64], feather: float) -> Rgb:
    image = Image.fromarray(np.rint(shape * 255).astype(np.uint8))
    soft = np.asarray(image.filter(ImageFilter.GaussianBlur(feather)))[..., None] / 255.0
    blended: Rgb = under + (over - under) * soft
    return blended


def icon() -> Image.Image:
    """Four corners of a frame round a dot: the mark in the page's masthead."""
    image = Image.new("RGBA", (256, 256))
    draw = ImageDraw.Draw(image)
    draw.rounded_rectangle((8, 8, 247, 247), radius=44, fill="#15202b")
    for x, y in ((52, 52), (204, 52), (52, 204), (204, 204)):
        for end in ((x + (44 if x < 128 else -44), y), (x, y + (44 if y < 128 else -44))):
            draw.line((x, y, *end), fill="#e4eaf0", width=18)
        draw.ellipse((x - 9, y - 9, x + 8, y + 8), fill="#e4eaf0")
    draw.ellipse((92, 92, 163, 163), fill="#ff2f86")
    return image.resize((64, 64), Image.Resampling.LANCZOS)


def photograph(name: str) -> Rgb:
    """One of scikit-image's pictures as RGB, 0..1; a grey one has three equal channels."""
    return as_float(np.asarray(Image.fromarray(getattr(data, name)()).convert("RGB")))


def as_float(pixels: NDArray[np.uint8]) -> Rgb:
    return pixels / 255.0


def to_image(pixels: Rgb) -> Image.Image:
    return Image.fromarray(np.rint(np.clip(pixels, 0, 1) * 255).astype(np.uint8))


def save(pixels: Rgb, path: Path) -> None:
    to_image(pixels).save(path, quality=QUALITY, optimize=True)


if __name__ == "__main__":
    main()
