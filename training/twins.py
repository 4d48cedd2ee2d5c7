"""Twins: real pictures redrawn by learned generators, aligned to the pixel.

    python -m training.twins --pack data/pack --weights data/generators --count 2000

A twin has its original's content and size, and none of its pixels: as a whole it is fully
synthesized, and a region of it blended into the original is locally synthesized. Twins lie beside
the pack in `twins.bin`; `twins.json` lists them. A run adds to what is there, and readers may open
the files meanwhile.
"""

from __future__ import annotations

import argparse
import logging
import time
from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from tqdm import tqdm

from training.generators.crispness import detail
from training.history import Picture
from training.ledger import Ledger
from training.pack import NATIVE, REDUCED, Entry, Pack

if TYPE_CHECKING:
    from training.generators.regenerate import Redraw

logger = logging.getLogger(__name__)

HELD_OUT_GENERATORS = frozenset({"idealo_gan"})  # never trained on: validation alone sees them
HELD_OUT_SHARE = 0.12  # of the twins are of sources that training never sees
SAVE_EVERY = 50  # twins
DRAWS = 10  # at most for each twin asked for: some are there, or fail
MIN_SIDE = 128  # pixels: below it the padding of the networks reaches too far
MIN_PSNR, MAX_PSNR = 16.0, 43.0  # dB: below it a network has failed, above it nothing is redrawn
MIN_DETAIL = 0.45  # of the original's: a twin with less of it is just a blurred picture


@dataclass(frozen=True)
class Twin:
    """Which entry of the pack was redrawn, by what, and where the pixels lie in `twins.bin`."""

    entry: int
    generator: str
    pixels_at: int


def ledger(folder: Path) -> Ledger[Twin]:
    """The twins of the pack in `folder`."""
    return Ledger(folder, "twins", Twin)


class Twins:
    """Read access; empty where no twins have been made."""

    def __init__(self, folder: Path) -> None:
        kept = ledger(folder)
        self._of, self._pixels = kept.by_entry(), kept.bytes()

    def __len__(self) -> int:
        return sum(len(twins) for twins in self._of.values())

    def of(self, entry: int, held_out: bool = False) -> list[tuple[str, int]]:
        """(generator, offset) of each twin; of held-out generators only if asked for."""
        return [
            (twin.generator, twin.pixels_at)
            for twin in self._of.get(entry, [])
            if held_out or twin.generator not in HELD_OUT_GENERATORS
        ]

    def image(self, offset: int, height: int, width: int) -> Picture:
        """(height, width, 3) uint8; height and width are those of the original's entry."""
        flat = self._pixels[offset : offset + height * width * 3]
        return np.array(flat, np.uint8).reshape(height, width, 3)


def produce(
    folder: Path,
    generators: Mapping[str, Redraw],
    shares: Mapping[str, float],
    held_out: Collection[str],
    *,
    count: int,
    minutes: float,
    seed: int,
) -> list[Twin]:
    """Add twins to the pack in `folder` until there are `count`, or for so many minutes.

    `held_out` names the sources that training does not see.
    """
    pack, kept = Pack(folder), ledger(folder)
    twins = kept.rows()
    there = {(twin.entry, twin.generator) for twin in twins}
    often = Counter(twin.entry for twin in twins)
    names = list(generators)
    chances = np.array([shares[name] for name in names]) / sum(shares[name] for name in names)
    pools = {held: _Pool(pack.entries, held_out, held) for held in (False, True)}
    seconds: dict[str, list[float]] = defaultdict(list)
    left_out = Counter[str]()
    end = time.monotonic() + 60 * minutes
    bar = tqdm(total=count, initial=len(twins), desc="twins")
    with kept.file.open("ab") as file:
        try:
            for number in range(len(twins), DRAWS * count):
                if len(twins) >= count or time.monotonic() > end:
                    break
                rng = np.random.default_rng((seed, number))
                name = str(rng.choice(names, p=chances))
                held = name in HELD_OUT_GENERATORS or rng.random() < HELD_OUT_SHARE
                entry = pools[held].draw(rng, often)
                if (entry, name) in there:
                    continue
                start, original = time.monotonic(), pack.image(entry)
                image = generators[name](original, rng)
                assert image.shape == original.shape, name
                seconds[name].append(time.monotonic() - start)
                if not useful(image, original):
                    left_out[name] += 1
                    continue
                twins.append(Twin(entry, name, file.tell()))
                file.write(image.tobytes())
                there.add((entry, name))
                often[entry] += 1
                bar.update()
                if len(twins) % SAVE_EVERY == 0:
                    file.flush()
                    kept.save(twins)
        finally:
            file.flush()
            kept.save(twins)
    for name, taken in sorted(seconds.items()):
        figures = (name, len(taken), np.mean(taken), left_out[name])
        logger.info("%-22s %5d drawn, %.2f s each, %d left out", *figures)
    return twins


class _Pool:
    """Photographs by scale; sources weigh by the root of their size, as in composing."""

    def __init__(self, entries: Sequence[Entry], held_out: Collection[str], held: bool) -> None:
        fit = [
            (index, entry)
            for index, entry in enumerate(entries)
            if entry.label == "Natural"
            and entry.photographic
            and min(entry.height, entry.width) >= MIN_SIDE
            and (entry.source in held_out) == held
        ]
        sizes = Counter((entry.source, entry.scale) for _, entry in fit)
        self._scales = []
        for scale in (NATIVE, REDUCED):
            chosen = [(i, entry) for i, entry in fit if entry.scale == scale]
            if chosen:
                weights = [sizes[entry.source, scale] ** -0.5 for _, entry in chosen]
                self._scales.append((np.array([i for i, _ in chosen]), np.array(weights)))

    def draw(self, rng: np.random.Generator, often: Mapping[int, int]) -> int:
        """An entry's index; both scales are as likely, entries with twins already are less so."""
        index, weights = self._scales[int(rng.integers(len(self._scales)))]
        chances = weights / (1 + np.array([often.get(int(i), 0) for i in index])) ** 3
        return int(rng.choice(index, p=chances / chances.sum()))


def useful(twin: Picture, original: Picture) -> bool:
    """Whether a twin is neither a failure, nor the same again, nor a mere blur."""
    error = float(np.mean((twin.astype(np.float32) - original) ** 2))
    psnr = 10 * np.log10(255**2 / max(error, 1e-6))
    return bool(MIN_PSNR < psnr < MAX_PSNR and detail(twin) > MIN_DETAIL * detail(original))


def main() -> None:
    import torch

    from training.generators.regenerate import GENERATORS, load
    from training.pool import HELD_OUT  # here, since it reads twins

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pack", type=Path, default=Path("data/pack"))
    parser.add_argument("--weights", type=Path, default=Path("data/generators"))
    parser.add_argument("--count", type=int, default=2000, help="twins there are to be in all")
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--generators", nargs="+", choices=GENERATORS, default=list(GENERATORS))
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    torch.set_num_threads(arguments.threads)
    generators = load(arguments.weights, arguments.generators)
    shares = {name: GENERATORS[name].share for name in generators}
    produce(
        arguments.pack,
        generators,
        shares,
        HELD_OUT,
        count=arguments.count,
        minutes=arguments.minutes,
        seed=arguments.seed,
    )


if __name__ == "__main__":
    main()
