"""Fit the label head on whole pictures, as the detector sees them.

    python -m training.head --pack data/pack --store data/store --folder data/runs/base/export

The network is trained on windows, where a manipulated region fills much of the picture. Here the
head alone learns on, from the vectors that the detector's views give for whole pictures of all
sizes: the four classes drawn alike from training sources, each local edit beside the picture it was
made from. Writes model.safetensors, and views.npz above its folder: `--views` fits on them without
looking again, which takes half an hour. It takes several files, of this network and of one that it
went on from; the vectors of an unrelated network mean something else.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import torch
import torch.nn.functional as F
from safetensors.torch import load_file, save_file
from torch import nn

from detector.contract import Labels
from detector.editscope.network import WEIGHTS, Network
from training.views import Draws, Views, collect

HEAD = "label_head."  # of the names in the model's file
VIEWS = "views.npz"
FOLDS = 5  # one is kept to choose the number of epochs
EPOCHS = 60
BATCH = 64
RATE, DECAY = 4e-4, 0.05  # small: the head starts from what it learned on windows


def fit(head: nn.Module, views: Views, seed: int, epochs: int = EPOCHS) -> tuple[float, float]:
    """Train `head` in place, classes weighted alike; loss on the kept fold before and after.

    The one of the `epochs` with the lowest loss there is kept, the start included.
    """
    torch.manual_seed(seed)
    inputs, targets = torch.from_numpy(views.vectors), torch.from_numpy(views.labels)
    weights = 1 / torch.bincount(targets, minlength=len(Labels)).clamp(min=1).float()
    kept = torch.from_numpy(views.draws % FOLDS == 0)
    optimizer = torch.optim.AdamW(head.parameters(), RATE, weight_decay=DECAY)

    def held_out_loss() -> float:
        head.eval()
        with torch.no_grad():
            return float(F.cross_entropy(head(inputs[kept]), targets[kept], weights))

    before = lowest = held_out_loss()
    best = {name: value.clone() for name, value in head.state_dict().items()}
    for _ in range(epochs):
        head.train()
        for batch in torch.randperm(int((~kept).sum())).split(BATCH):
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
    parser.add_argument("--count", type=int, default=2000, help="draws of three pictures each")
    parser.add_argument("--processes", type=int, default=2, help="that look, a thread each")
    parser.add_argument("--views", type=Path, nargs="+", help="of earlier runs, instead of looking")
    parser.add_argument("--epochs", type=int, default=EPOCHS)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    if arguments.views:
        views = Views.join(map(Views.read, arguments.views))
    else:
        draws = Draws(arguments.folder, arguments.pack, arguments.store, arguments.seed)
        views = collect(draws, arguments.count, arguments.processes)
        views.write(arguments.folder.parent / VIEWS)
    head = Network.load(arguments.folder).label_head
    before, after = fit(head, views, arguments.seed, arguments.epochs)
    path = arguments.folder / WEIGHTS
    state = load_file(path)
    for name, value in head.state_dict().items():
        state[HEAD + name] = value.to(state[HEAD + name].dtype)
    save_file(state, path, metadata={"format": "pt"})
    print(f"log-loss on kept pictures {before:.3f} -> {after:.3f} ({len(views.labels)} views)")


if __name__ == "__main__":
    main()
