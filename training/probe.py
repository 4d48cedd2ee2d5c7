"""Splices with one history each: which of them hides what was pasted?

    python -m training.probe --manifest data/validation/calibration.csv --out data/probe

A controlled experiment beside the report, whose pictures differ in everything at once. Photographs
of the manifest, reduced until they have no past, are given one; the same objects are pasted at the
same places, with and without feathering, toning, outlines that follow the picture, and what comes
afterwards. Beside each lies the photograph itself with the same past and the same later history.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from PIL import Image
from tqdm import tqdm

from detector.contract import Labels
from detector.imaging import decode
from engine import Engine
from training import report
from training.edits import relight
from training.evaluate import load, read_manifest
from training.history import Picture, to_bytes
from training.masks import Mask, Shapes, random_mask
from training.outcome import Outcome, Row, judge
from training.pack import segment
from training.postprocess import jpeg, resize

SIDE = 512  # pixels: the longer side, reduced from photographs of at least twice that
SHIFT = (5, 3)  # pixels, rows and columns: the donor's JPEG grid is another than the base's
TONED = 0.8  # of the way to the colours of the surroundings
ENLARGED = 1.4  # times: a donor that was scaled to fit
HALF_AXES = (0.10, 0.25)  # of the sides: an ellipse of 3 to 20 % of the picture


@dataclass(frozen=True)
class Case:
    """One history.

    Attributes:
        name: how it is called in the table.
        past: JPEG quality of both photographs before; None: no compression.
        feather: sigma of the border in pixels.
        toned: whether the object is brought to its surroundings' colours.
        enlarged: whether the donor was enlarged.
        outlined: whether the region follows the picture's own borders; else it is an ellipse.
        scale: of the finished picture.
        quality: JPEG quality of the finished picture; None: saved without loss.
    """

    name: str
    past: int | None = 80
    feather: float = 0.0
    toned: bool = False
    enlarged: bool = False
    outlined: bool = False
    scale: float = 1.0
    quality: int | None = None


CASES = (
    Case("never compressed", past=None),
    Case("from JPEG 80, saved without loss"),
    Case("then JPEG 95", quality=95),
    Case("then JPEG 85", quality=85),
    Case("then JPEG 75", quality=75),
    Case("feathered", feather=2.0, quality=90),
    Case("toned", toned=True, quality=90),
    Case("enlarged donor", enlarged=True, quality=90),
    Case("outline of the picture's own", outlined=True, quality=90),
    Case("reduced by .7 afterwards", scale=0.7, quality=90),
    Case("reduced by .5 afterwards", scale=0.5, quality=85),
    Case("all of it, reduced by .6", 80, 1.0, True, True, True, 0.6, 80),
)


def pasted(
    base: Picture, donor: Picture, case: Case, rng: np.random.Generator
) -> tuple[Picture, Mask, Picture]:
    """The finished splice, its mask, and the base with the same history: (H, W, 3), (H, W)."""
    height, width = base.shape[:2]
    if case.enlarged:
        donor = resize(donor, rng, ENLARGED)
    if case.past is not None:
        base, donor = (jpeg(picture, rng, case.past) for picture in (base, donor))
    rows, columns = min(height, donor.shape[0]), min(width, donor.shape[1])
    layer = base.copy()
    layer[:rows, :columns] = np.roll(donor[:rows, :columns], SHIFT, (0, 1))
    mask = _region(base, (rows, columns), case.outlined, rng)
    if case.toned:
        layer = relight(layer, base, mask, TONED)
    alpha = mask.astype(np.float32)
    if case.feather:
        alpha = np.asarray(cv2.GaussianBlur(alpha, (0, 0), case.feather), np.float32)
    spliced = to_bytes(base + alpha[..., None] * (layer.astype(np.float32) - base))
    spliced, plain = (_finished(picture, case, rng) for picture in (spliced, base))
    size = (spliced.shape[1], spliced.shape[0])
    reduced = Image.fromarray(mask).convert("L").resize(size, Image.Resampling.BILINEAR)
    return spliced, np.asarray(reduced) > 127, plain


def _region(base: Picture, size: tuple[int, int], outlined: bool, rng: np.random.Generator) -> Mask:
    """Within the (height, width) that the shifted donor covers, whose rim stays out."""
    rows, columns = size
    covered = np.zeros(base.shape[:2], bool)
    covered[8 : rows - 8, 8 : columns - 8] = True
    centre = [int(rng.integers(length // 4, 3 * length // 4)) for length in (columns, rows)]
    axes = [int(length * rng.uniform(*HALF_AXES)) for length in (columns, rows)]
    angle = float(rng.uniform(0, 180))
    ellipse = np.zeros(base.shape[:2], np.uint8)
    cv2.ellipse(ellipse, centre, axes, angle, 0, 360, 1, -1)
    chosen = np.asarray(ellipse > 0)
    if outlined:
        chosen = random_mask(base.shape[:2], rng, Shapes(segment(base)))
    visible = chosen & covered
    return visible if visible.any() else (ellipse > 0) & covered


def _finished(picture: Picture, case: Case, rng: np.random.Generator) -> Picture:
    if case.scale != 1:
        picture = resize(picture, rng, case.scale)
    return picture if case.quality is None else jpeg(picture, rng, case.quality)


def _photographs(rows: Sequence[Row]) -> list[Picture]:
    """The Natural ones that are large enough, reduced to `SIDE` and whole blocks of 8."""
    found = []
    for row in rows:
        if row.label is not Labels.Natural:
            continue
        image = decode(row.path.read_bytes())
        scale = SIDE / max(image.shape[:2])
        if scale > 0.5:
            continue
        size = tuple(max(1, int(side * scale) // 8) * 8 for side in image.shape[1::-1])
        found.append(np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.uint8))
    return found


def probe(
    engine: Engine, photographs: Sequence[Picture], count: int, seed: int
) -> Iterator[tuple[str, list[Outcome]]]:
    """Case by case what is answered to `count` splices and as many untouched pictures."""
    for case in CASES:
        outcomes = []
        for number in range(count):
            rng = np.random.default_rng((seed, number))  # the same objects in every case
            base, donor = (photographs[i] for i in rng.choice(len(photographs), 2, replace=False))
            spliced, mask, plain = pasted(base, donor, case, rng)
            row = Row(Path(f"{number}"), Labels.LocallyEdited, set=case.name, kind="splice")
            outcomes.append(judge(engine, row, spliced, mask))
            untouched = Row(Path(f"{number}"), Labels.Natural, set=case.name)
            outcomes.append(judge(engine, untouched, plain, np.zeros_like(mask)))
        yield case.name, outcomes


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--manifest", type=Path, required=True)
    parser.add_argument("--model", default="editscope/base")
    parser.add_argument("--models-dir", type=Path, default=Path("models"))
    parser.add_argument("--out", type=Path, default=Path("data/probe"))
    parser.add_argument("--count", type=int, default=30, help="splices of each case")
    parser.add_argument("--bootstrap", type=int, default=0, help="resamples; 0: no intervals")
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    photographs = _photographs(read_manifest(arguments.manifest))
    engine = load(arguments.model, arguments.models_dir, 0, 20.0)
    cases = probe(engine, photographs, arguments.count, arguments.seed)
    judged = dict(tqdm(cases, desc="cases", total=len(CASES)))
    engine.close()
    arguments.out.mkdir(parents=True, exist_ok=True)
    print(report.write_comparison(judged, arguments.out, arguments.bootstrap, arguments.seed))


if __name__ == "__main__":
    main()
