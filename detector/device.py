"""From the setting `DEVICE` to a torch device."""

from __future__ import annotations

import torch


def pick_device(name: str) -> torch.device:
    """`auto`, or any torch device name; `auto` takes CUDA, then MPS, then the CPU."""
    if name != "auto":
        return torch.device(name)
    if torch.cuda.is_available():
        return torch.device("cuda")
    return torch.device("mps" if torch.backends.mps.is_available() else "cpu")
