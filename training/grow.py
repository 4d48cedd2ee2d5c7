"""Weights of an earlier shape in the present network: what is new starts at zero.

    python -m training.grow OLD_FOLDER NEW_FOLDER

Until 0.5.0 the network did not compare a place's statistics with those of the whole picture. With
zeros where what is new is looked at the network answers as it did before, and training goes on from
there.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import Tensor

from detector.editscope.configuration import EditScopeConfig
from detector.editscope.modeling import EditScopeModel
from detector.editscope.network import WEIGHTS

ADDED = "anomaly."  # what is new altogether starts as it was drawn
DEEPEST = "lateral.3.0.weight"  # its inputs' means are the first that the label head sees
HEAD = "label_head.0.weight"


def grown(old: dict[str, Tensor], new: dict[str, Tensor]) -> dict[str, Tensor]:
    """`old` with zeros for the inputs that `new` has more of.

    Raises:
        ValueError: the two differ in more than their inputs.
    """
    odd = [name for name in old.keys() ^ new.keys() if name in old or not name.startswith(ADDED)]
    if odd:
        raise ValueError(f"not of one kind: {sorted(odd)[:3]}")
    first = {HEAD: old[DEEPEST].shape[1]} if DEEPEST in old else {}
    return new | {
        name: _padded(name, value, new[name].shape, first.get(name)) for name, value in old.items()
    }


def _padded(name: str, value: Tensor, shape: torch.Size, at: int | None) -> Tensor:
    """Zeros from column `at` on; None: behind the others."""
    if value.shape == shape:
        return value
    more = shape[1] - value.shape[1] if value.ndim == len(shape) > 1 else -1
    if more < 0 or (value.shape[0], *value.shape[2:]) != (shape[0], *shape[2:]):
        raise ValueError(f"{name} is {tuple(value.shape)}, not {tuple(shape)}")
    at = value.shape[1] if at is None else at
    zeros = value.new_zeros(shape[0], more, *shape[2:])
    return torch.cat([value[:, :at], zeros, value[:, at:]], 1)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("old", type=Path)
    parser.add_argument("new", type=Path)
    arguments = parser.parse_args()
    model = EditScopeModel(EditScopeConfig.from_pretrained(arguments.old))
    model.load_state_dict(grown(load_file(arguments.old / WEIGHTS), model.state_dict()))
    model.half().save_pretrained(arguments.new)


if __name__ == "__main__":
    main()
