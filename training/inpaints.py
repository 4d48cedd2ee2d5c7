"""Regions inpainted in the latents of an autoencoder, found and blended as latent diffusion does.

    python -m training.inpaints --pack data/pack --weights data/generators --count 600

Latent diffusion inpaints by putting other latents into a region's place; the decoder then draws the
region, its seam and, unless somebody pastes the region back, every other pixel anew (Avrahami et
al., "Blended Latent Diffusion", arXiv 2206.02779). Here the other latents are those of another
picture, of other parts of the same one, of a smooth guess, or the region's own with noise. Lies
beside the pack in `inpaints.bin` and `inpaints.json`; a run adds to what is there.
"""

from __future__ import annotations

import argparse
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from tqdm import tqdm

from training.generators.autoencoder import STRIDE, Autoencoder, perturbed
from training.history import Picture, to_bytes
from training.ledger import Ledger
from training.masks import Mask, Shapes, random_mask
from training.objects import Objects
from training.pack import Pack
from training.removal import cover

logger = logging.getLogger(__name__)

KINDS = {"replaced": 0.35, "removed": 0.30, "redrawn": 0.35}  # what the region's latents are
NOISE = (0.15, 0.9)  # beside latents of spread 0.8: what a redrawn region's latents get on top
JITTERED_SHARE = 0.5  # of the inpainted: drawn by a decoder of their own
MIN_SIDE = 192  # pixels: room for a region and its surroundings
SAVE_EVERY = 25  # inpainted pictures

Latents = torch.Tensor


@dataclass(frozen=True)
class Inpaint:
    """Which entry of the pack was inpainted, and where pixels and packed mask lie in the file."""

    entry: int
    kind: str
    pixels_at: int
    mask_at: int


def ledger(folder: Path) -> Ledger[Inpaint]:
    """The inpainted pictures of the pack in `folder`."""
    return Ledger(folder, "inpaints", Inpaint)


class Inpaints:
    """Read access; empty where nothing has been inpainted."""

    def __init__(self, folder: Path) -> None:
        kept = ledger(folder)
        self._of, self._bytes = kept.by_entry(), kept.bytes()

    def __len__(self) -> int:
        return sum(len(inpaints) for inpaints in self._of.values())

    def of(self, entry: int) -> list[Inpaint]:
        """What was made of an entry."""
        return self._of.get(entry, [])

    def read(self, inpaint: Inpaint, height: int, width: int) -> tuple[Picture, Mask]:
        """(height, width, 3) uint8, decoded as a whole, and the (height, width) bool region."""
        pixels = self._bytes[inpaint.pixels_at : inpaint.pixels_at + height * width * 3]
        length = -(-height * width // 8)
        bits = np.unpackbits(self._bytes[inpaint.mask_at : inpaint.mask_at + length])
        mask = bits[: height * width].reshape(height, width) > 0
        return np.array(pixels, np.uint8).reshape(height, width, 3), mask


def inpaint(
    network: Autoencoder,
    base: Picture,
    other: Picture,
    region: Mask,
    *,
    noise: float,
    rng: np.random.Generator,
) -> Picture:
    """Put the latents of `other`, with noise, into the region's place and decode everything.

    Pictures are (H, W, 3) uint8 of one size, the region (H, W) bool.
    """
    height, width = region.shape
    own, new = (_encode(network, picture) for picture in (base, other))
    share = _padded(region.astype(np.uint8)).astype(np.float32)
    cells = cv2.resize(share, new.shape[:1:-1], interpolation=cv2.INTER_AREA)
    chosen = torch.from_numpy(cells > 0)  # whatever the region touches is drawn anew
    new = new + noise * torch.from_numpy(rng.standard_normal(new.shape, dtype=np.float32))
    with torch.inference_mode():
        decoded = network.decode(torch.where(chosen, new, own))[0].float()
    return to_bytes(decoded.permute(1, 2, 0).numpy() * 255)[:height, :width]


def draw(
    network: Autoencoder, base: Picture, donor: Picture, shapes: Shapes, rng: np.random.Generator
) -> tuple[str, Picture, Mask]:
    """A kind of `KINDS`, the picture inpainted that way, and the region."""
    region = random_mask(base.shape[:2], rng, shapes)
    if rng.random() < JITTERED_SHARE:
        network = perturbed(network, rng)
    kind = str(rng.choice(list(KINDS), p=list(KINDS.values())))
    noise = float(rng.uniform(*NOISE)) if kind == "redrawn" else float(rng.uniform(0, NOISE[0]))
    other = base
    if kind == "removed":
        other = cover(base, region, rng)
    elif kind == "replaced":
        size = (base.shape[1], base.shape[0])
        other = np.asarray(cv2.resize(donor, size, interpolation=cv2.INTER_AREA), np.uint8)
    return kind, inpaint(network, base, other, region, noise=noise, rng=rng), region


def produce(
    folder: Path,
    network: Autoencoder,
    usable: Callable[[str], bool],
    *,
    count: int,
    minutes: float,
    seed: int,
) -> int:
    """Add to the pack in `folder` until there are `count`, or for so many minutes; how many.

    `usable` tells the sources that may be used.
    """
    pack, objects, kept = Pack(folder), Objects(folder), ledger(folder)
    done = kept.rows()
    entries = [
        index
        for index, entry in enumerate(pack.entries)
        if entry.photographic and usable(entry.source)
        and min(entry.height, entry.width) >= MIN_SIDE
    ]  # fmt: skip
    bases = [index for index in entries if pack.entries[index].label == "Natural"]
    end = time.monotonic() + 60 * minutes
    with kept.file.open("ab") as file:
        try:
            for number in tqdm(range(len(done), count), desc="inpaints"):
                if time.monotonic() > end:
                    break
                rng = np.random.default_rng((seed, number))
                entry = bases[int(rng.integers(len(bases)))]
                shapes = Shapes(pack.segments(entry), objects.mask(entry))
                donor = pack.image(entries[int(rng.integers(len(entries)))])
                kind, picture, region = draw(network, pack.image(entry), donor, shapes, rng)
                pixels_at = file.tell()
                file.write(picture.tobytes())
                mask_at = file.tell()
                file.write(np.packbits(region).tobytes())
                done.append(Inpaint(entry, kind, pixels_at, mask_at))
                if len(done) % SAVE_EVERY == 0:
                    file.flush()
                    kept.save(done)
        finally:
            file.flush()
            kept.save(done)
    return len(done)


def _encode(network: Autoencoder, picture: Picture) -> Latents:
    scaled = torch.from_numpy(_padded(picture).astype(np.float32) / 255).permute(2, 0, 1)[None]
    with torch.inference_mode():
        return network.encode(scaled.contiguous(memory_format=torch.channels_last))


def _padded(array: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Mirrored at the right and lower border until both sides divide by the latents' stride."""
    bottom, right = (-length % STRIDE for length in array.shape[:2])
    return np.asarray(cv2.copyMakeBorder(array, 0, bottom, 0, right, cv2.BORDER_REFLECT), np.uint8)


def main() -> None:
    from training.generators import weights
    from training.generators.graph import quickened
    from training.pool import HELD_OUT  # here, since it reads inpaints

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pack", type=Path, default=Path("data/pack"))
    parser.add_argument("--weights", type=Path, default=Path("data/generators"))
    parser.add_argument("--count", type=int, default=600, help="inpainted pictures in all")
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    torch.set_num_threads(arguments.threads)
    network = Autoencoder.read(*weights.find(arguments.weights, "taef2"))
    network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    there = produce(
        arguments.pack,
        quickened(network),
        lambda source: source not in HELD_OUT,
        count=arguments.count,
        minutes=arguments.minutes,
        seed=arguments.seed,
    )
    logger.info("%d inpainted pictures", there)


if __name__ == "__main__":
    main()
