"""The mean of the weights of networks that went on from the same start, in one network.

    python -m training.average FIRST SECOND... --out FOLDER

It is often better than any of them, and costs nothing to run (Wortsman et al., Model soups,
arXiv 2203.05482). The configuration is the first one's; the label head wants `training.head`, and
all of it `training.calibrate`, afterwards.
"""

from __future__ import annotations

import argparse
import shutil
from collections.abc import Sequence
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from detector.editscope.network import WEIGHTS

CONFIGURATION = "config.json"


def mean(states: Sequence[dict[str, Tensor]]) -> dict[str, Tensor]:
    """Name by name, summed in float32, in the first one's data types.

    Raises:
        ValueError: they are not of one shape.
    """
    first = states[0]
    shapes = {name: value.shape for name, value in first.items()}
    if any({name: value.shape for name, value in state.items()} != shapes for state in states):
        raise ValueError("These networks are not of one shape.")
    return {
        name: torch.stack([state[name].float() for state in states]).mean(0).to(value.dtype)
        for name, value in first.items()
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folders", type=Path, nargs="+", help="each with config.json and weights")
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    state = mean([load_file(folder / WEIGHTS) for folder in arguments.folders])
    arguments.out.mkdir(parents=True, exist_ok=True)
    save_file(state, arguments.out / WEIGHTS, metadata={"format": "pt"})
    shutil.copy(arguments.folders[0] / CONFIGURATION, arguments.out / CONFIGURATION)


if __name__ == "__main__":
    main()
