"""Teach the noise branch to tell cameras and histories apart, before anything is labelled.

    python -m training.fingerprint --pack data/pack --init data/runs/base/export \
        --out data/runs/fingerprint --minutes 60 --seed 1

Patches of one picture with one history share a fingerprint; patches of another picture, or of the
same one after another history, do not. A region that came from elsewhere then stands out without
the kind of edit ever having been seen (Noiseprint++: Guillaro et al., CVPR 2023; the loss: Khosla
et al., NeurIPS 2020). Starts or resumes; `export/` is what `training.train --init` takes.
"""

from __future__ import annotations

import argparse
import csv
import math
import os
import time
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.utils.data import DataLoader, IterableDataset
from tqdm import tqdm

from detector.editscope.modeling import EditScopeModel, NoiseBranch
from training import history
from training.compose import RESIZED_SHARE
from training.pack import Pack
from training.pool import Pool

PATCH = 64  # pixels a side, as Noiseprint++: less holds too little noise
PATCHES = 3  # of a picture with one history
PICTURES = 20  # a batch, each with two histories: 120 patches
CROP = 288  # pixels a side of what is given a history
LOG_SCALES = (math.log(0.6), math.log(1.3))  # of resizing: CROP stays above two patches
GENERATED_SHARE = 0.35  # of the pictures
WIDTH = 64  # of a fingerprint
TEMPERATURE = 0.1  # of the loss, as in the paper
RATE, FINAL_RATE, WARMUP = 1e-3, 0.02, 100  # Adam's peak, its end as a share, steps to the peak
SAVE_EVERY = 120.0  # seconds


class Patches(IterableDataset[Tensor]):
    """Endless seeded batches, (2 * PICTURES * PATCHES, 3, PATCH, PATCH) uint8, group by group."""

    def __init__(self, pack: Path, seed: int, start: int = 0) -> None:
        self._folder, self._seed, self._start = pack, seed, start

    def __iter__(self) -> Iterator[Tensor]:
        cv2.setNumThreads(1)  # a worker has one core; the others train
        pack = Pack(self._folder)
        real, fake = (Pool(pack, name, False) for name in ("Natural", "FullySynthesized"))
        step = self._start
        while True:
            rng = np.random.default_rng((self._seed, step))
            patches: list[NDArray[np.uint8]] = []
            for _ in range(PICTURES):
                pool = fake if len(fake.indices) and rng.random() < GENERATED_SHARE else real
                image = pool.draw(rng, CROP, CROP).image[:CROP, :CROP]
                for _ in range(2):
                    patches += _cut(_with_history(image, rng), rng)
            yield torch.from_numpy(np.stack(patches)).permute(0, 3, 1, 2)
            step += 1


class Fingerprint(nn.Module):
    """The noise branch with a head: (B, 3, 64, 64) in 0..255 -> (B, WIDTH) of unit length."""

    def __init__(self, branch: NoiseBranch, widths: list[int]) -> None:
        super().__init__()
        self.branch = branch
        self.head = nn.Sequential(
            nn.Linear(sum(widths[1:]), 2 * WIDTH), nn.ReLU(), nn.Linear(2 * WIDTH, WIDTH)
        )

    def forward(self, pixels: Tensor) -> Tensor:
        means = [level.float().mean((2, 3)) for level in self.branch(pixels)[1:]]
        with torch.autocast(pixels.device.type, enabled=False):
            return F.normalize(self.head(torch.cat(means, 1)), dim=1)


def contrast(prints: Tensor, size: int) -> tuple[Tensor, Tensor]:
    """Supervised contrastive loss of (B, D) unit vectors, `size` in a row to a group.

    Returns:
        The loss, and the share of patches whose nearest other is of their group.
    """
    similarity = prints @ prints.T / TEMPERATURE
    similarity.fill_diagonal_(-math.inf)
    group = torch.arange(len(prints), device=prints.device) // size
    same = group[:, None] == group
    same.fill_diagonal_(False)
    logarithms = similarity.log_softmax(1)
    loss = -logarithms[same].view(len(prints), size - 1).mean()
    return loss, (group[similarity.argmax(1)] == group).float().mean()


def pretrain(
    pack: Path, init: Path, out: Path, *, minutes: float, seed: int = 0, workers: int = 1
) -> Path:
    """Run for so many minutes of training in all; returns the folder of the exported network."""
    out.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(seed)
    model = EditScopeModel.from_pretrained(init, dtype=torch.float32)
    fingerprint = Fingerprint(model.noise, list(model.config.noise_widths)).train()
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    amp = device.type == "cuda" or torch.cpu._is_avx512_bf16_supported()
    fingerprint = fingerprint.to(device=device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    optimizer = torch.optim.AdamW(fingerprint.parameters(), lr=RATE, weight_decay=0.01)
    step, spent, path = 0, 0.0, out / "checkpoint.pt"
    if path.exists():
        state = torch.load(path, map_location=device, weights_only=True)
        fingerprint.load_state_dict(state["fingerprint"])
        optimizer.load_state_dict(state["optimizer"])
        step, spent = state["step"], state["spent"]

    def save() -> None:
        state = {
            "fingerprint": fingerprint.state_dict(), "optimizer": optimizer.state_dict(),
            "step": step, "spent": spent,
        }  # fmt: skip
        torch.save(state, path.with_suffix(".tmp"))
        os.replace(path.with_suffix(".tmp"), path)
        model.save_pretrained(out / "export")

    loader = DataLoader(Patches(pack, seed, step), batch_size=None, num_workers=workers)
    batches, saved = iter(loader), time.monotonic()
    with (out / "losses.csv").open("a", newline="") as file, tqdm(total=100, unit="%") as bar:
        while spent < 60 * minutes:
            pixels = next(batches).to(device).float().contiguous(memory_format=torch.channels_last)
            started = time.monotonic()
            factor = 0.5 * (1 + math.cos(math.pi * min(1.0, spent / 60 / minutes)))
            rate = RATE * max(FINAL_RATE, factor) * min(1.0, (step + 1) / WARMUP)
            for group in optimizer.param_groups:
                group["lr"] = rate
            with torch.autocast(device.type, torch.bfloat16, enabled=amp):
                prints = fingerprint(pixels)
            loss, hits = contrast(prints, PATCHES)
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            nn.utils.clip_grad_norm_(fingerprint.parameters(), 2.0)
            optimizer.step()
            step, spent = step + 1, spent + time.monotonic() - started
            csv.writer(file).writerow(
                [step, f"{spent:.1f}", f"{loss.item():.4f}", f"{hits.item():.4f}"]
            )
            bar.update(min(100, int(100 * spent / 60 / minutes)) - bar.n)
            if time.monotonic() - saved > SAVE_EVERY:
                save()
                saved = time.monotonic()
    save()
    return out / "export"


def _with_history(image: history.Picture, rng: np.random.Generator) -> history.Picture:
    image = history.before(image, rng)
    if rng.random() < RESIZED_SHARE:
        image = history.resize(image, float(np.exp(rng.uniform(*LOG_SCALES))), rng)
    return history.after(image, rng)


def _cut(image: history.Picture, rng: np.random.Generator) -> list[NDArray[np.uint8]]:
    corners = [
        [int(rng.integers(0, side - PATCH + 1)) for side in image.shape[:2]] for _ in range(PATCHES)
    ]
    return [image[y : y + PATCH, x : x + PATCH] for y, x in corners]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--pack", type=Path, required=True)
    parser.add_argument("--init", type=Path, required=True, help="weights to start from")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=2)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    out = pretrain(
        arguments.pack,
        arguments.init,
        arguments.out,
        minutes=arguments.minutes,
        seed=arguments.seed,
    )
    print(f"weights in {out}")


if __name__ == "__main__":
    main()
