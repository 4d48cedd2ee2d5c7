"""Fit the label head on whole pictures, as the detector sees them.

    python -m training.head --pack data/pack --store data/store --folder data/runs/base/export

The network is trained on windows, where a manipulated region fills much of the picture. Here the
head alone learns on, from the vectors that the detector's views give for whole pictures of all
sizes: the four classes drawn alike from training sources, each local edit beside the picture it was
made from. Writes model.safetensors.
"""

from __future__ import annotations

import argparse
import csv
from pathlib import Path

import cv2
import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from PIL import Image
from safetensors.torch import load_file, save_file
from torch import nn
from tqdm import tqdm

from detector.contract import Labels
from detector.deadline import Deadline
from detector.editscope.detector import EditScopeDetector
from detector.imaging import decode
from training import history
from training.compose import MADE, MIN_VISIBLE, READY, SHARES, Composer, Draft, choose
from training.history import Picture
from training.masks import Shapes
from training.pack import DRAWN, WHOLE, Pack, segment
from training.pool import DULL, HELD_OUT, Scene

LOG_SIDES = (np.log(360), np.log(1500))  # longer side of a picture, pixels
MAX_PIXELS = 12_000_000  # of a source picture: decoding more takes longer than judging
LOCAL = (Labels.LocallyEdited, Labels.LocallySynthesized)
READY_SHARE = 0.4  # of the local edits: published ones and inpainted ones, that lie in the pack
SMALLEST = 256  # pixels of the shorter side: room for an edit
FOLDS = 5  # one is kept to choose the number of epochs
EPOCHS = 60
RATE, DECAY = 4e-4, 0.05  # small: the head starts from what it learned on windows


class Pictures:
    """Whole pictures of one class from training sources, a source as likely as another."""

    def __init__(self, store: Path, label: Labels) -> None:
        self._store = store
        self._sources: dict[str, list[str]] = {}
        with (store / "index.csv").open(newline="") as file:
            for row in csv.DictReader(file):
                usable = int(row["width"]) * int(row["height"]) <= MAX_PIXELS
                usable &= min(int(row["width"]), int(row["height"])) >= SMALLEST
                usable &= row["source"] not in HELD_OUT | DULL and DRAWN not in row["note"]
                if usable and row["label"] == label.name:
                    self._sources.setdefault(row["source"], []).append(row["path"])

    def draw(self, rng: np.random.Generator) -> Picture:
        """A picture, reduced to a drawn size if it is larger: (H, W, 3) uint8."""
        names = list(self._sources)
        sizes = np.sqrt([len(self._sources[name]) for name in names])
        paths = self._sources[names[int(rng.choice(len(names), p=sizes / sizes.sum()))]]
        image = decode((self._store / paths[int(rng.integers(len(paths)))]).read_bytes())
        scale = float(np.exp(rng.uniform(*LOG_SIDES))) / max(image.shape[:2])
        scale = max(scale, SMALLEST / min(image.shape[:2]))
        if scale >= 1:
            return image
        size = (round(image.shape[1] * scale), round(image.shape[0] * scale))
        return np.asarray(Image.fromarray(image).resize(size, Image.Resampling.LANCZOS))


class WholePictures:
    """Seeded draws: a local edit, the picture before it where that is known, a generated one."""

    def __init__(self, pack: Path, store: Path, seed: int) -> None:
        self._composer = Composer(Pack(pack), SMALLEST, seed)
        self._real = Pictures(store, Labels.Natural)
        self._fake = Pictures(store, Labels.FullySynthesized)
        self._seed = seed

    def draw(self, number: int) -> list[tuple[Picture, Labels]]:
        """The draw of that number; the same past and later history before and after the edit."""
        rng = np.random.default_rng((self._seed, number))
        draft = self._draft(rng)
        later = int(rng.integers(2**32))
        generated = history.before(self._fake.draw(rng), rng)
        drawn = [
            (history.after(draft.image, np.random.default_rng(later)), draft.label),
            (history.after(generated, rng), Labels.FullySynthesized),
        ]
        if draft.pristine is not None:
            natural = history.after(draft.pristine, np.random.default_rng(later))
            drawn.insert(1, (natural, Labels.Natural))
        return drawn

    def _draft(self, rng: np.random.Generator) -> Draft:
        while True:
            if rng.random() < READY_SHARE:
                label = LOCAL[int(rng.integers(len(LOCAL)))]
                kinds = {k: v for k, v in SHARES[label].items() if k in READY}
                draft = self._composer.ready(label, choose(kinds, rng), rng, WHOLE, whole=True)
            else:
                base = self._real.draw(rng)
                scene = Scene(base, Shapes(segment(base))).aged(rng)
                draft = self._composer.manipulate(scene, choose(MADE, rng), rng)
            if draft is not None and (draft.mask > 0).mean() > MIN_VISIBLE:
                return draft


def collect(
    detector: EditScopeDetector, pictures: WholePictures, count: int
) -> tuple[NDArray[np.float32], NDArray[np.int64], NDArray[np.int64]]:
    """Vectors (N, D) of all views, their labels (N,) and the number of the draw (N,)."""
    vectors, labels, groups = [], [], []
    for number in tqdm(range(count), desc="pictures"):
        for image, label in pictures.draw(number):
            for view in detector.look(image, Deadline.never()):
                vectors.append(view.vector)
                labels.append(int(label))
                groups.append(number)
    return np.stack(vectors), np.array(labels), np.array(groups)


def fit(
    head: nn.Module,
    vectors: NDArray[np.float32],
    labels: NDArray[np.int64],
    groups: NDArray[np.int64],
    seed: int,
) -> tuple[float, float]:
    """Train `head` in place, classes weighted alike; loss on the kept fold before and after.

    The epoch with the lowest loss there is kept, the start included.
    """
    torch.manual_seed(seed)
    inputs, targets = torch.from_numpy(vectors), torch.from_numpy(labels)
    weights = 1 / torch.bincount(targets, minlength=len(Labels)).clamp(min=1).float()
    kept = torch.from_numpy(groups % FOLDS == 0)
    optimizer = torch.optim.AdamW(head.parameters(), RATE, weight_decay=DECAY)

    def held_out_loss() -> float:
        head.eval()
        with torch.no_grad():
            return float(F.cross_entropy(head(inputs[kept]), targets[kept], weights))

    before = lowest = held_out_loss()
    best = {name: value.clone() for name, value in head.state_dict().items()}
    for _ in range(EPOCHS):
        head.train()
        for batch in torch.randperm(int((~kept).sum())).split(64):
            chosen = torch.where(~kept)[0][batch]
            optimizer.zero_grad()
            F.cross_entropy(head(inputs[chosen]), targets[chosen], weights).backward()
            optimizer.step()
        loss = held_out_loss()
        if loss < lowest:
            lowest = loss
            best = {name: value.clone() for name, value in head.state_dict().items()}
    head.load_state_dict(best)
    head.eval()
    return before, lowest


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pack", type=Path, default=Path("data/pack"))
    parser.add_argument("--store", type=Path, default=Path("data/store"))
    parser.add_argument("--folder", type=Path, required=True, help="with config.json and weights")
    parser.add_argument("--count", type=int, default=300, help="draws of three pictures each")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    cv2.setNumThreads(1)
    detector = EditScopeDetector(arguments.folder.name, arguments.folder.parent, "cpu")
    detector.load_model()
    pictures = WholePictures(arguments.pack, arguments.store, arguments.seed)
    data = collect(detector, pictures, arguments.count)
    before, after = fit(detector.model.label_head, *data, arguments.seed)
    path = arguments.folder / "model.safetensors"
    state = load_file(path)
    for name, value in detector.model.label_head.state_dict().items():
        state[f"label_head.{name}"] = value.to(state[f"label_head.{name}"].dtype)
    save_file(state, path, metadata={"format": "pt"})
    print(f"log-loss on kept pictures {before:.3f} -> {after:.3f} ({len(data[1])} views)")


if __name__ == "__main__":
    main()
