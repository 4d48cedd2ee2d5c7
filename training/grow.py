"""Weights of an earlier shape in the present network: what is new starts at zero.

    python -m training.grow OLD_FOLDER NEW_FOLDER

Until 0.4.0 the JPEG-grid branch saw no bins of coefficients and met the pyramid at stride 8 alone.
With zeros where weights were added the network answers as it did before (but for the residuals,
which bf16 no longer rounds to a wrong sum), and training goes on from there.
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
from detector.editscope.trunk import TAP_CHANNELS

ADDED_AT = {"label_head.0.weight": TAP_CHANNELS[4]}  # column; elsewhere behind the others


def grown(old: dict[str, Tensor], new: dict[str, Tensor]) -> dict[str, Tensor]:
    """`old` with zeros for the inputs that `new` has more of.

    Raises:
        ValueError: the two differ in more than their inputs.
    """
    if old.keys() != new.keys():
        raise ValueError(f"not of one kind: {sorted(old.keys() ^ new.keys())[:3]}")
    return {name: _padded(name, value, new[name].shape) for name, value in old.items()}


def _padded(name: str, value: Tensor, shape: torch.Size) -> Tensor:
    if value.shape == shape:
        return value
    more = shape[1] - value.shape[1] if value.ndim == len(shape) > 1 else -1
    if more < 0 or (value.shape[0], *value.shape[2:]) != (shape[0], *shape[2:]):
        raise ValueError(f"{name} is {tuple(value.shape)}, not {tuple(shape)}")
    at = ADDED_AT.get(name, value.shape[1])
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
