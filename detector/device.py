"""From the setting `DEVICE` to a torch device, and what that device is good at."""

from __future__ import annotations

import ctypes
import os
import sys

import torch

WITHOUT_BF16 = ("SSE41", "AVX", "AVX2", "AVX2_VNNI", "AVX512_CORE", "AVX512_CORE_VNNI")
M_TRIM_THRESHOLD, M_MMAP_THRESHOLD, M_ARENA_MAX = -1, -3, -8  # malloc.h
LARGEST_KEPT = 32 * 2**20  # bytes: holds a layer of a tile; the most that glibc takes
MOST_KEPT = 256 * 2**20  # bytes: about what a tile needs


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


def keep_memory() -> bool:
    """Have glibc keep freed memory for the next tile; whether it will. Elsewhere nothing happens.

    By default a layer's memory goes back to the system and comes again as zeroed pages: a tenth of
    a large picture's time. What is larger than `LARGEST_KEPT`, as pictures are, still goes back.
    """
    if sys.platform != "linux":
        return False
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)  # musl has none
    if mallopt is None:
        return False
    kept = mallopt(M_MMAP_THRESHOLD, LARGEST_KEPT), mallopt(M_TRIM_THRESHOLD, MOST_KEPT)
    shared = mallopt(M_ARENA_MAX, 1)  # a thread's own heap would give back all the same
    return all(kept) and bool(shared)
