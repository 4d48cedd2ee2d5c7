"""From the setting `DEVICE` to a torch device, and what that device is good at."""

from __future__ import annotations

import os

import torch

WITHOUT_BF16 = ("SSE41", "AVX", "AVX2", "AVX2_VNNI", "AVX512_CORE", "AVX512_CORE_VNNI")


def pick_device(name: str) -> torch.device:
    """`auto`, or any torch device name; `auto` takes CUDA, then MPS, then the CPU."""
    if name != "auto":
        return torch.device(name)
    if torch.cuda.is_available():
        return torch.device("cuda")
    return torch.device("mps" if torch.backends.mps.is_available() else "cpu")


def has_bf16(device: torch.device) -> bool:
    """Whether bf16 is quicker than fp32 there: on GPUs, and on CPUs with instructions for it.

    oneDNN's `ONEDNN_MAX_CPU_ISA` counts, which lets a new CPU work as an older one: without the
    instructions bf16 is emulated.
    """
    if device.type != "cpu":
        return device.type == "cuda"
    allowed = os.environ.get("ONEDNN_MAX_CPU_ISA", "").upper() not in WITHOUT_BF16
    return allowed and bool(torch.cpu._is_avx512_bf16_supported())
